packages="golang-go"
prepare() { CGO_LDFLAGS="-L$out/plain" go build -o "$out/go/host" .; }
run() { LD_LIBRARY_PATH=$lib "$out/go/host" "$1"; }
cases='
goroutines               default always stay check
callbacks                default always stay check
nested                   default always stay check
c_threads                default always stay check
c_threads_nested         default always stay check
profile                  default always stay check
profile_callbacks        default always stay check
profile_large            + default always stay
large_on_64_KiB_threads  + default always stay
'
