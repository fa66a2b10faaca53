//! Compiles the C++ library of `throwing`, and links the system's libraries that a feature asks
//! for.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=throwing/library.cpp");
    println!("cargo::rerun-if-changed=throwing/library.h");
    cc::Build::new()
        .cpp(true)
        .file("throwing/library.cpp")
        .opt_level(2)
        .warnings(true)
        .compile("records");
    let libraries = [("EXPAT", "expat"), ("GLIB", "glib-2.0"), ("LIBUV", "uv")];
    for (feature, library) in libraries {
        if env::var_os(format!("CARGO_FEATURE_{feature}")).is_some() {
            println!("cargo::rustc-link-lib={library}");
        }
    }
}
