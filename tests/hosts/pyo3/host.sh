packages=""
python=$(command -v python3.11 || command -v python3)
prepare() { :; }
run() { RUST_BACKTRACE=0 "$python" main.py "$lib/pyo3_host.so" "$1"; }
cases='
functions                default always stay check
errors                   default always stay check
threads                  default always stay check
large_on_64_KiB_threads  + default always stay
'
