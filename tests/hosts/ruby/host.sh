packages="ruby ruby-dev"
prepare() { :; }
run() { ruby main.rb "$lib/ruby_host.so" "$1"; }
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
'
