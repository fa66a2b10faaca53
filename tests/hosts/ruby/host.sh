packages="ruby ruby-dev"
prepare() { :; }
# Threads have 1 MiB unless told otherwise, fibers 512 KiB.
run() { RUBY_THREAD_MACHINE_STACK_SIZE=400000 ruby main.rb "$lib/ruby_host.so" "$1"; }
# Ruby scans the stacks of its threads and fibers, so bodies must not leave them: `foreign = stay`.
cases='
methods          default always stay check
gc               default stay check
yields           default stay check
raises           default stay check
breaks           default stay check
recursion        default stay check
fiber            stay check
fiber_recursion  stay check
fiber_raises     stay check
enumerator       stay check
fibers_300       stay check
threads          default stay check
large_in_thread  + default always stay
large_in_fiber   + default always
'
