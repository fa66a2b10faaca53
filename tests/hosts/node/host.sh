packages="nodejs"
prepare() { :; }
run() { node main.js "$lib/node_host.so" "$1"; }
# V8 compares SP with its own limit: calls back go through `on_host_stack`.
cases='
calls             default always stay check
throws            default always stay check
recursion         default always stay check
workers           default always stay check
worker_throws     default always stay check
worker_recursion  default always stay check
pool              default always stay check
two_hundred_addons  default always stay check
large_in_1_MiB_worker  + default always stay
'
