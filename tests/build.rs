//! Compiles the C and C++ callers, with debug information (backtraces and gdb read it) and with
//! unwind tables (panics and exceptions cross C frames).

use std::env;

/// Callers for every system.
const EVERYWHERE: &[&str] = &["c/jump.c", "c/registers.c", "c/stacks.c"];
/// By the means of POSIX.
const POSIX: &[&str] = &[
    "c/context.c",
    "c/coroutine.c",
    "c/ending.c",
    "c/fault.c",
    "c/frames.c",
    "c/machine.c",
    "c/moved.c",
    "c/process.c",
];
/// By the means of Linux alone.
const LINUX: &[&str] = &["c/differential.c", "c/seccomp.c", "c/signal.c"];
/// By the means of Windows.
const WINDOWS: &[&str] = &["c/windows.c"];

fn main() {
    println!("cargo::rerun-if-changed=c");
    println!("cargo::rustc-check-cfg=cfg(cross)");
    if env::var_os("HOST") != env::var_os("TARGET") {
        println!("cargo::rustc-cfg=cross");
    }
    let is_windows = env::var_os("CARGO_CFG_WINDOWS").is_some();
    let is_linux = is("OS", "linux");
    let mut c = cc::Build::new();
    common(&mut c);
    c.files(EVERYWHERE).files(if is_windows { WINDOWS } else { POSIX });
    if is_linux {
        c.files(LINUX);
    }
    c.compile("callers");
    // The fortified longjmp of glibc aborts a jump to a lower address; only this file is compiled
    // that way.
    if is_linux {
        let mut fortified = cc::Build::new();
        common(&mut fortified);
        fortified
            .define("_FORTIFY_SOURCE", "3")
            .define("FORTIFIED", None)
            .file("c/jump.c")
            .compile("fortified_jump");
    }
    let mut cpp = cc::Build::new();
    cpp.cpp(true);
    common(&mut cpp);
    cpp.file("c/exception.cpp");
    if !is_windows {
        cpp.file("c/machine.cpp");
    } else if is("ENV", "gnu") && !is("ABI", "llvm") {
        link_static_libstdcxx(&cpp);
        cpp.cpp_link_stdlib(None);
    }
    cpp.compile("exception");
}

/// Whether the target has that value of `target_os`, `target_env`, ..
fn is(key: &str, value: &str) -> bool {
    env::var(format!("CARGO_CFG_TARGET_{key}")).is_ok_and(|reported| reported == value)
}

/// What all files are compiled with.
fn common(build: &mut cc::Build) {
    build.include("c").debug(true).opt_level(1).warnings(true);
    let compiler = build.get_compiler();
    if compiler.is_like_msvc() {
        assert!(
            compiler.is_like_clang_cl(),
            "the callers have assembly that cl.exe cannot read: set CC and CXX to clang-cl"
        );
        // Exceptions leave functions of C, too, which /EHsc denies. Frame pointers are kept.
        build.flag("/EHs").flag("/Oy-");
        return;
    }
    build.flag("-fexceptions").flag("-fno-omit-frame-pointer").flag("-fno-optimize-sibling-calls");
    if is("ARCH", "x86_64") {
        build.flag("-mno-red-zone");
    }
}

/// With GCC for Windows the C++ library is linked into the test, so that it need not be found
/// beside it, nor brings an unwinder of its own.
fn link_static_libstdcxx(cpp: &cc::Build) {
    println!("cargo::rustc-link-lib=static=exception");
    for library in ["stdc++", "pthread"] {
        let file = format!("lib{library}.a");
        let found =
            cpp.get_compiler().to_command().arg(format!("-print-file-name={file}")).output();
        let path = String::from_utf8(found.expect("the C++ compiler").stdout).expect("a path");
        let folder = std::path::Path::new(path.trim()).parent().expect("a folder").to_owned();
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib=static={library}");
    }
}
