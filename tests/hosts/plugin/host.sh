packages="gcc libc6-dev libgomp1"
prepare() { gcc -O1 -pthread main.c -o "$out/plugin/host"; }
# A run that fails leaves its copies behind.
run() {
  "$out/plugin/host" "$lib/plugin_host.so" "$1"
  local status=$?
  rm -rf /tmp/plugins??????
  return $status
}
cases='
reload                   default always stay check
two_hundred              default always stay check
large_on_64_KiB_threads  + default always stay
'
