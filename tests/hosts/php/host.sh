packages="php-cli php-dev"
prepare() { :; }
run() { php -d "extension=$lib/php_host.so" main.php "$1"; }
cases='
calls             default always stay check
exceptions        default always stay check
fiber             default always stay check
fiber_exceptions  default always stay check
fibers_300        default always stay check
generators        default always stay check
large_in_fiber    + default always
'
