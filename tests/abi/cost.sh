#!/bin/sh
# Prints what annotated functions cost those who build them: CPU time of a cold build, `cargo check`
# time and machine code.
#
#     tests/abi/cost.sh [functions]        (200 unless told otherwise)
#     tests/abi/cost.sh bounds             what has bounds (`benches -- build`): lines of
#                                          `cold name milliseconds`, and of `each name milliseconds
#                                          bytes` for a thousand functions
#
# Needs crates.io, or the crates `recursive` and `stacker` in cargo's cache.
set -eu
count=${1:-200}
case $count in
bounds) ;;
'' | *[!0-9]* | 0 | 1)
    echo "usage: tests/abi/cost.sh [bounds | number of functions, at least 2]" >&2 && exit 2 ;;
esac
runtime=$(cd "$(dirname "$0")/../../runtime" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR RUSTFLAGS || true
export CARGO_INCREMENTAL=0 CARGO_TERM_QUIET=true

# crate <name> <dependency line> <number of functions> <attribute> <ABI> <further parameters>:
# writes a crate into $work/<name>.
crate() {
    mkdir -p "$work/$1/src"
    cat >"$work/$1/Cargo.toml" <<END
[package]
name = "$1"
version = "0.0.0"
edition = "2024"
[lib]
crate-type = ["${kind:-cdylib}"]
[workspace]
[dependencies]
$2
END
    {
        echo 'use core::ffi::{c_int, c_void};'
        echo 'unsafe extern "C" { fn abs(number: c_int) -> c_int; }'
        echo '#[repr(C)] pub struct Pair { pub first: u64, pub second: u64, pub third: u64 }'
        awk -v count="$3" -v attribute="$4" -v abi="$5" -v more="${6:-}" 'BEGIN {
            for (i = 1; i <= count; i++) {
                printf "%s\n#[unsafe(no_mangle)]\npub unsafe extern \"%s\" fn callback_%d", \
                    attribute, abi, i
                printf "(user: *mut c_void, number: c_int, name: *const u8%s) -> c_int {\n", more
                printf "    unsafe { user.cast::<c_int>().write(number + %d);", i
                printf " abs(i32::from(*name)) * %d }\n}\n", i + 7
            }
        }'
    } >"$work/$1/src/lib.rs"
}

# cpu_ms <command>: user and system time of the command and its children.
cpu_ms() {
    python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(round((used.ru_utime + used.ru_stime) * 1000))' "$@"
}

# least <times> <command>: the least of some measurements.
least() {
    times=$1
    shift
    while [ "$times" -gt 0 ]; do
        "$@"
        times=$((times - 1))
    done | sort -n | head -1
}

cold_build() {
    rm -rf "$work/$1/target"
    cpu_ms cargo build --manifest-path "$work/$1/Cargo.toml"
}

check() {
    touch "$work/$1/src/lib.rs"
    cpu_ms cargo check --manifest-path "$work/$1/Cargo.toml"
}

# section <name> <section>: bytes of a section of the release build.
section() {
    objdump -h "$work/$1/target/release/lib$1.so" \
        | awk -v section="$2" '$2 == section { print $3 }' \
        | xargs -I{} printf '%d\n' 0x{}
}

guarded="guarded-callback = { path = \"$runtime\" }"
attribute='#[guarded_callback::guarded_callback]'

crate cold_none '' 1 '' C
crate cold_guarded "$guarded" 1 "$attribute" C
crate cold_stacker 'stacker = "0.1"' 1 '' C
crate cold_recursive 'recursive = "0.1"' 1 '#[recursive::recursive]' C
colds='cold_none cold_guarded cold_stacker cold_recursive'
for name in $colds; do
    cargo fetch --manifest-path "$work/$name/Cargo.toml"
done
[ "$count" = bounds ] ||
    echo "cold build of a crate with one function, CPU time in ms (least of 5, taken in turns):"
for round in 1 2 3 4 5; do
    for name in $colds; do cold_build "$name" >>"$work/$name.ms"; done
done
for name in $colds; do
    echo "cold ${name#cold_} $(sort -n "$work/$name.ms" | head -1)"
done
if [ "$count" = bounds ]; then
    kind=lib
    crate each_none '' 1000 '' C
    crate each_guarded "$guarded" 1000 "$attribute" C
    for name in each_none each_guarded; do
        check "$name" >/dev/null
        bytes=$(cat "$work/$name/target/debug/deps/lib$name"-*.rmeta | wc -c)
        echo "each ${name#each_} $(least 5 check "$name") $bytes"
    done
    exit 0
fi

measure() { # <name> <attribute> <ABI> <further parameters>
    crate "one_$1" "$guarded" 1 "$2" "$3" "${4:-}"
    crate "many_$1" "$guarded" "$count" "$2" "$3" "${4:-}"
    for crate in "one_$1" "many_$1"; do
        check "$crate" >/dev/null
        cargo build --release --manifest-path "$work/$crate/Cargo.toml"
    done
    one=$(least 5 check "one_$1")
    many=$(least 5 check "many_$1")
    sections=
    for section in .text .eh_frame .gcc_except_table .rodata .data.rel.ro; do
        more=$(($(section "many_$1" $section) - $(section "one_$1" $section)))
        each=$(echo "$more $count" | awk '{ printf "%.0f", $1 / ($2 - 1) }')
        sections="$sections $section $each"
    done
    each=$(echo "$one $many $count" | awk '{ printf "%.2f", ($2 - $1) / ($3 - 1) }')
    printf '  %-22s check %6s ms; bytes:%s\n' "$1" "$each" "$sections"
}

echo "each further function, of $count (plain is what the function itself costs):"
measure plain '' C
measure default "$attribute" C
measure always '#[guarded_callback::guarded_callback(switch = always)]' C
measure fallback '#[guarded_callback::guarded_callback(fallback = -1)]' C
measure plain_unwind '' C-unwind
measure unwind "$attribute" C-unwind
measure plain_struct '' C ', pair: Pair'
measure struct "$attribute" C ', pair: Pair'
