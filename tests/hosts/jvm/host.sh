packages="default-jdk-headless"
prepare() { javac -d "$out/jvm" Host.java; }
run() { java -XX:+UseSerialGC -cp "$out/jvm" Host "$lib/jvm_host.so" "$1"; }
# The JVM compares SP with its own bounds: calls back from another stack go through `on_host_stack`.
cases='
down                      default always stay check
up                        default always stay check
up_unaware                default stay check
mutual                    default always stay check
overflow                  default always stay check
exceptions                default always stay check
threads_512_KiB           default always stay check
attached                  default always stay check
gc                        default always stay check
large_on_512_KiB_threads  + default always stay
'
