//! Compiles the C and C++ callers, with debug information (backtraces and gdb read it) and with unwind tables (panics and
//! exceptions cross C frames).

fn main() {
    println!("cargo::rerun-if-changed=c");
    let common = |build: &mut cc::Build| {
        build.include("c").debug(true).opt_level(1).flag("-fexceptions").flag("-fno-omit-frame-pointer");
        if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64") {
            build.flag("-mno-red-zone");
        }
        build.flag("-fno-optimize-sibling-calls").warnings(true);
    };
    let mut c = cc::Build::new();
    common(&mut c);
    c.file("c/machine.c").file("c/signal.c");
    c.files(["c/host.c", "c/coroutine.c", "c/jump.c", "c/ending.c", "c/registers.c", "c/ucontext.c", "c/fault.c"])
        .compile("callers");
    // The fortified longjmp of glibc aborts a jump to a lower address; only this file is compiled that way.
    let mut fortified = cc::Build::new();
    common(&mut fortified);
    fortified.define("_FORTIFY_SOURCE", "2").define("FORTIFIED", None).file("c/jump.c").compile("fortified_jump");
    let mut cpp = cc::Build::new();
    common(&mut cpp);
    cpp.cpp(true).files(["c/exception.cpp", "c/machine.cpp"]).compile("exception");
}
