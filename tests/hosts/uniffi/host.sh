packages=""
python=$(command -v python3.11 || command -v python3)
prepare() {
  "$out/build/release/uniffi-bindgen" generate --library "$out/plain/libuniffi_host.so" \
    --language python --no-format --out-dir "$out/uniffi"
}
# The Python side loads the library that lies beside it.
run() {
  mkdir -p "$lib/uniffi"
  cp "$out/uniffi/uniffi_host.py" "$lib/libuniffi_host.so" "$lib/uniffi"
  RUST_BACKTRACE=0 "$python" main.py "$lib/uniffi" "$1"
}
cases='
functions                default always stay check
objects                  default always stay check
errors                   default always stay check
threads                  default always stay check
large_on_64_KiB_threads  + default always stay
'
