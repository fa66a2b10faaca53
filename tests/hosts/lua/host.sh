packages="lua5.4 luajit"
prepare() { :; }
run() { for lua in lua5.4 luajit; do "$lua" main.lua "$lib/lua_host.so" "$1" || return; done; }
cases='
calls                 default always stay check
errors                default always stay check
errors_from_c         default always stay check
recursion             default always stay check
coroutines            default always stay check
yield_across_a_body   default always stay check
errors_in_coroutines  default always stay check
'
