//! Compiles the C library.

fn main() {
    println!("cargo::rerun-if-changed=library.c");
    println!("cargo::rerun-if-changed=library.h");
    // -fexceptions gives C frames unwind tables, so that panics and backtraces can cross them.
    cc::Build::new()
        .file("library.c")
        .flag_if_supported("-fexceptions")
        .warnings(true)
        .compile("ticker");
}
