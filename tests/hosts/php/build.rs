//! Asks php-config for the number of the module API.

use std::process::Command;

fn main() {
    let api = Command::new("php-config")
        .arg("--phpapi")
        .output()
        .expect("php-config, of the package php-dev");
    println!("cargo::rustc-env=PHP_API={}", String::from_utf8_lossy(&api.stdout).trim());
    println!("cargo::rerun-if-changed=build.rs");
}
