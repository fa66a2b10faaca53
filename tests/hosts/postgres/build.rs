//! Asks pg_config for the version.

use std::process::Command;

fn main() {
    let version = Command::new("pg_config")
        .arg("--version")
        .output()
        .expect("pg_config, of the package libpq-dev");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let major = version.split([' ', '.']).nth(1).expect("PostgreSQL 15.18");
    println!("cargo::rustc-env=PG_MAJOR={major}");
    println!("cargo::rerun-if-changed=build.rs");
}
