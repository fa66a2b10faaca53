packages="gcc libc6-dev"
prepare() { gcc -O1 -pthread threads.c -o "$out/preload/threads"; }
run() {
  case $1 in
    threads) LD_PRELOAD="$lib/preload_host.so" "$out/preload/threads" ;;
    shell)
      LD_PRELOAD="$lib/preload_host.so" bash -c 'for i in 1 2 3; do echo $(ls / | head -1); done' ;;
    python)
      LD_PRELOAD="$lib/preload_host.so" python3 -S -c '
import threading
sums = []
threads = [threading.Thread(target=lambda: sums.append(sum(range(1000)))) for _ in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sums)' ;;
  esac
}
cases='
threads  default always stay check
shell    default always stay check
python   default always stay check
'
