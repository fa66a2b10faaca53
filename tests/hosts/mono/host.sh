packages="mono-runtime mono-mcs"
crate=ffi
prepare() { mcs -out:"$out/mono/Host.exe" Host.cs; }
run() { LD_LIBRARY_PATH=$lib mono "$out/mono/Host.exe" "$1"; }
cases='
down                      default always stay check
up                        default always stay check
up_unaware                default stay check
gc                        default always stay check
gc_unaware                default stay check
threads                   default always stay check
threads_128_KiB           default always stay check
large_on_128_KiB_threads  + default always stay
'
