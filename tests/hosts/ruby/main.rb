# ruby main.rb LIBRARY CASE: prints what must be the same in each mode.
require ARGV[0]

def descend(level)
  Host.pass(level) { |n| descend(n + 1) }
end

case ARGV[1]
when 'methods'
  p (1..1000).sum { |n| Host.work(n) % 1000 }
when 'gc'
  p (1..30).map { |n| Host.collect(n) }
when 'yields'
  seen = 0
  p Host.each(300) { |n| seen += n; GC.start if n % 50 == 0 }, seen
when 'raises'
  p (1..20_000).count { begin Host.fail(0); rescue RuntimeError; true end }
when 'breaks'
  p (1..20_000).count { |n| Host.each(3) { |i| break n } == n }
when 'recursion'
  begin descend(0); rescue SystemStackError; puts $!.class end
  p Host.collect(1)
when 'fiber'
  p Fiber.new { Host.work(1) }.resume, Fiber.new { Host.collect(1) }.resume
when 'fiber_recursion'
  p Fiber.new { begin descend(0); rescue SystemStackError; $!.class end }.resume
when 'fiber_raises'
  p Fiber.new { (1..2000).count { begin Host.fail(0); rescue RuntimeError; true end } }.resume
when 'enumerator'
  numbers = Enumerator.new { |y| Host.each(500) { |n| y << n } }
  p 500.times.sum { |i| GC.start if i % 100 == 0; numbers.next }
when 'fibers_300'
  # All suspended in a body, then resumed in another order.
  fibers = (0...300).map { |n|
    f = Fiber.new { Host.each(3) { |i| Fiber.yield n + i } }; f.resume; f
  }
  GC.start
  200.times { |n| Host.work(n) }
  p (0...600).sum { |i| fibers[i * 7 % 300].resume }
  GC.start
  p fibers.sum { |f| f.resume }
when 'threads'
  p 8.times.map { |t|
    Thread.new { (1..50).sum { |n| Host.work(n) % 100 + Host.collect(n + t) } }
  }.sum(&:value)
when 'large_in_fiber'
  p Fiber.new { Host.large(1) }.resume
when 'large_in_thread'
  p Thread.new { Host.large(1) }.value
else abort "no case #{ARGV[1]}"
end
