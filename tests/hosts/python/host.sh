packages=""
python=$(command -v python3.11 || command -v python3)
prepare() {
  "$python" -c 'import greenlet' 2>/dev/null \
    || "$python" -m pip install -q --disable-pip-version-check --root-user-action=ignore greenlet
}
run() { "$python" main.py "$lib/python_host.so" "$1"; }
# Greenlets copy the stack away: a body that switches lies on it, or switches inside of
# `on_host_stack`.
cases='
ctypes                   default always stay check
extension                default always stay check
raises                   default always stay check
recursion                default always stay check
deep                     default always stay check
threads                  default always stay check
greenlet                 default stay check
greenlet_128_KiB         check
greenlet_visits          default always stay check
greenlet_visits_128_KiB  default always stay check
two_hundred_libraries    default always stay check
large_on_64_KiB_threads  + default always stay
'
