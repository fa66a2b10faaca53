//! Generates the signatures and compiles their callers with the system's C compiler.

#[path = "generator/mod.rs"]
mod generator;
use generator::{random, types, vectors};

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=generator");
    println!("cargo::rerun-if-changed=c");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    let (files, signatures) = generator::generate(out);
    println!("cargo::rustc-env=ABI_SEED={:#x}", generator::SEED);
    println!("cargo::rustc-env=ABI_SIGNATURES={signatures}");
    // -O1 in every profile: the callers are simple, and there are many of them.
    let mut callers = cc::Build::new();
    let is = |name, value| std::env::var(name).is_ok_and(|told| told == value);
    if is("CARGO_CFG_TARGET_ARCH", "x86") && is("CARGO_CFG_TARGET_ENV", "msvc") {
        // As Microsoft's compiler does. x87 would change a signaling NaN by loading it.
        callers.flag("-msse2");
    }
    callers
        .files(files)
        .include("c")
        .include(out)
        .opt_level(1)
        .debug(false)
        .warnings(true)
        .flag("-Wno-psabi")
        .compile("callers");
    // Read by tests/frames.rs, which is for one target only.
    if is("CARGO_CFG_TARGET_ARCH", "x86_64") && is("CARGO_CFG_TARGET_OS", "linux") {
        let mut paint = cc::Build::new();
        paint
            .file("c/paint.c")
            .flags(["-mno-red-zone", "-fno-stack-protector"])
            .opt_level(1)
            .warnings(true);
        // clang makes room for arguments in this way only, and has no name for it.
        paint.flag_if_supported("-maccumulate-outgoing-args").compile("paint");
    }
}
