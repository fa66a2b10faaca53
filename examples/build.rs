//! Compiles the C libraries of the stories, and tells them what the target does not have.

use std::env;

const LIBRARIES: [(&str, &str); 6] = [
    ("unpack", "deep_frame/library.c"),
    ("sensor", "worker/library.c"),
    ("tree", "tree_walk/library.c"),
    ("tasks", "coroutine/library.c"),
    ("table", "sort/library.c"),
    ("calls", "src/cost.c"),
];

fn main() {
    for (name, source) in LIBRARIES {
        println!("cargo::rerun-if-changed={source}");
        println!("cargo::rerun-if-changed={}", source.replace(".c", ".h"));
        let mut build = cc::Build::new();
        // Optimised in every profile, as the libraries that programs link with are, and with unwind
        // tables, so that a backtrace out of a callback reaches `main`.
        build
            .file(source)
            .opt_level(2)
            .flag_if_supported("-fexceptions")
            .warnings(true)
            .extra_warnings(true);
        if !has_pthreads() {
            build.define("WITHOUT_PTHREADS", None);
        }
        if !has_ucontext() {
            build.define("WITHOUT_UCONTEXT", None);
        }
        build.compile(name);
    }
}

fn target(property: &str) -> String {
    env::var(format!("CARGO_CFG_TARGET_{property}")).unwrap_or_default()
}

fn has_pthreads() -> bool {
    target("FAMILY").split(',').any(|family| family == "unix")
}

/// The header alone does not tell: musl has it, without the functions.
fn has_ucontext() -> bool {
    has_pthreads()
        && target("ENV") != "musl"
        && !["android", "openbsd"].contains(&target("OS").as_str())
}
