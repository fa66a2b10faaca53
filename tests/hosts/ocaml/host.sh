packages="ocaml-nox gcc libc6-dev"
prepare() {
  cp main.ml "$out/ocaml/"
  (cd "$out/ocaml" && ocamlopt -o host main.ml -ccopt "-rdynamic -L$out/plain" -cclib -locaml_host)
}
run() { LD_LIBRARY_PATH=$lib "$out/ocaml/host" "$1"; }
# OCaml takes a fault at the end of the thread's stack for Stack_overflow: recursion through bodies
# ends there only with
# `on_host_stack`. The check-only way ends the process with a line before.
cases='
down        default always stay check
up          default always stay check
gc          default always stay check
exceptions  default always stay check
overflow    default always stay
'
