packages="libglib2.0-dev gcc libc6-dev pkg-config"
prepare() {
  gcc -O1 main.c -o "$out/glib/host" -L"$out/plain" -lglib_host \
    $(pkg-config --cflags --libs glib-2.0)
}
run() { LD_LIBRARY_PATH=$lib "$out/glib/host"; }
cases='
loop  default always stay check
'
