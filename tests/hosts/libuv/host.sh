packages="libuv1-dev gcc libc6-dev"
prepare() { gcc -O1 main.c -o "$out/libuv/host" -L"$out/plain" -llibuv_host -luv -pthread; }
run() { LD_LIBRARY_PATH=$lib "$out/libuv/host" "$1"; }
cases='
loop                     default always stay check
large_on_64_KiB_threads  + default always stay
'
