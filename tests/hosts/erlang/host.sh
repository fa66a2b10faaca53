packages="erlang-base erlang-dev"
prepare() { erlc -o "$out/erlang" host.erl; }
# Schedulers have 128 kilowords (1 MiB) and dirty ones 40 (320 KiB) unless told otherwise.
run() {
  local sizes=()
  [[ $1 != large_on_normal ]] || sizes=(+sss 40)
  ERL_CRASH_DUMP=/dev/null erl "${sizes[@]}" -noshell -pa "$out/erlang" \
    -s host main "$lib/erlang_host.so" "$1"
}
cases='
normal              default always stay check
dirty               default always stay check
processes           default always stay check
exceptions          default always stay check
messages            default always stay check
large_on_normal     + default always stay
large_on_dirty_cpu  + default always stay
large_on_dirty_io   + default always stay
'
