//! Builds the C library of the recipes.

fn main() {
    println!("cargo::rerun-if-changed=library.c");
    cc::Build::new().file("library.c").warnings(true).compile("recipes_library");
}
