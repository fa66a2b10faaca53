packages="sbcl"
crate=ffi
prepare() { :; }
run() { sbcl --noinform --disable-ldb --script main.lisp "$lib/ffi_host.so" "$1"; }
cases='
down        default always stay check
up          default always stay check
up_unaware  stay check
gc          default always stay check
threads     default always stay check
'
