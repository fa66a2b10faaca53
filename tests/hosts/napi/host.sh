packages="nodejs"
prepare() { :; }
run() { node main.js "$lib/napi_host.so" "$1"; }
cases='
functions              default always stay check
errors                 default always stay check
workers                default always stay check
large_in_1_MiB_worker  + default always stay
'
