packages="guile-3.0 guile-3.0-dev"
prepare() { :; }
run() {
  [[ $1 != large_on_1_MiB ]] || ulimit -s 1024
  GUILE_AUTO_COMPILE=0 guile main.scm "$lib/guile_host.so" "$1"
}
# Guile scans its stacks: the check-only way.
cases='
down         default stay check
up           default stay check
gc           default stay check
gc-in-depth  default stay check
errors       default stay check
escapes      default stay check
threads      default stay check
large_on_1_MiB  + default stay
'
