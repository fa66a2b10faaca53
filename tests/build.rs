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
    let is_windows = std::env::var_os("CARGO_CFG_WINDOWS").is_some();
    let posix = [
        "c/coroutine.c",
        "c/differential.c",
        "c/ending.c",
        "c/ucontext.c",
        "c/fault.c",
        "c/frames.c",
        "c/machine.c",
        "c/process.c",
        "c/signal.c",
    ];
    let system = if is_windows { &["c/windows.c"] as &[&str] } else { &posix };
    c.files(["c/host.c", "c/jump.c", "c/registers.c"]).files(system).compile("callers");
    // The fortified longjmp of glibc aborts a jump to a lower address; only this file is compiled that way.
    if !is_windows {
        let mut fortified = cc::Build::new();
        common(&mut fortified);
        fortified.define("_FORTIFY_SOURCE", "3").define("FORTIFIED", None).file("c/jump.c").compile("fortified_jump");
    }
    let mut cpp = cc::Build::new();
    common(&mut cpp);
    cpp.cpp(true).file("c/exception.cpp");
    if !is_windows {
        cpp.file("c/machine.cpp");
    } else if std::env::var("CARGO_CFG_TARGET_ABI").is_ok_and(|abi| abi != "llvm") {
        link_static_libstdcxx(&cpp);
        cpp.cpp_link_stdlib(None);
    }
    cpp.compile("exception");
}

/// With GCC for Windows the C++ library is linked into the test, so that it need not be found beside it, nor brings an unwinder of its own.
fn link_static_libstdcxx(cpp: &cc::Build) {
    println!("cargo::rustc-link-lib=static=exception");
    for library in ["stdc++", "pthread"] {
        let file = format!("lib{library}.a");
        let found = cpp.get_compiler().to_command().arg(format!("-print-file-name={file}")).output();
        let path = String::from_utf8(found.expect("the C++ compiler").stdout).expect("a path");
        let folder = std::path::Path::new(path.trim()).parent().expect("a folder").to_owned();
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib=static={library}");
    }
}
