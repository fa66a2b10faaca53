packages="libgc-dev gcc libc6-dev"
prepare() { gcc -O1 main.c -o "$out/bdwgc/host" -L"$out/plain" -lbdwgc_host -lgc -pthread; }
run() { LD_LIBRARY_PATH=$lib "$out/bdwgc/host" "$1"; }
# The collector scans the stacks of its threads: the check-only way, where threads are smaller than
# the reserve. `visits` loses objects where bodies switch, which `on_host_stack` does not mend.
cases='
main            default stay check
threads         default stay check
threads_64_KiB  check
visits          default stay check
'
