packages="r-base-core"
prepare() { :; }
run() { Rscript --vanilla main.R "$lib/r_host.so" "$1"; }
# R compares SP with its own limit: calls back go through `on_host_stack`.
cases='
down        default always stay check
up          default always stay check
up_unaware  default stay check
gc          default always stay check
errors      default always stay check
overflow    default always stay check
'
