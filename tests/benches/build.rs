//! Compiles the loops in C that make the calls, optimised in every profile, as the libraries that
//! programs link with are.

fn main() {
    println!("cargo::rerun-if-changed=c");
    cc::Build::new()
        .files(["c/calls.c", "c/threads.c"])
        .opt_level(2)
        .warnings(true)
        .extra_warnings(true)
        .compile("calls");
}
