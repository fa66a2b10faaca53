//! Callbacks in a Rust dylib, which exports what the runtime has, and in a program that uses it.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::fs;
use std::path::Path;
use std::process::Command;

const LIBRARY: &str = r#"
pub use guarded_callback as runtime;
use guarded_callback::{guarded_callback, on_system_stack};

#[guarded_callback]
pub extern "C" fn in_place(n: u32) -> u32 { n + 2 * u32::from(on_system_stack()) }
#[guarded_callback(switch = always)]
pub extern "C" fn switched(n: u32) -> u32 { n + u32::from(on_system_stack()) }
#[guarded_callback(switch = always)]
pub extern "C-unwind" fn panics(n: u32) -> u32 { std::panic::resume_unwind(Box::new(n)) }
"#;

const PROGRAM: &str = r#"
use library::runtime::{guarded_callback, on_system_stack, stats};

#[guarded_callback(crate = library::runtime)]
extern "C" fn in_place(n: u32) -> u32 { n + 2 * u32::from(on_system_stack()) }
#[guarded_callback(switch = always, crate = library::runtime)]
extern "C" fn switched(n: u32) -> u32 { n + u32::from(on_system_stack()) }
#[guarded_callback(switch = always, crate = library::runtime)]
extern "C-unwind" fn panics(n: u32) -> u32 { std::panic::resume_unwind(Box::new(n)) }

fn call() {
    for n in 0..3 {
        assert_eq!([in_place(n), library::in_place(n)], [n; 2]);
        assert_eq!([switched(n), library::switched(n)], [n + 1; 2]);
        for panics in [panics, library::panics] {
            let caught = std::panic::catch_unwind(|| panics(n)).unwrap_err();
            assert_eq!(caught.downcast_ref(), Some(&n));
        }
    }
}

fn main() {
    call();
    let before = stats();
    call();
    assert_eq!(stats().slow_paths, before.slow_paths);
    std::thread::spawn(call).join().unwrap();
    println!("worked");
}
"#;

#[test]
fn callbacks_of_a_dylib_and_of_its_program_work() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dylib");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let _ = fs::remove_dir_all(folder.join("library"));
    let package = |name: &str, rest: String, file: &str, text: &str| {
        let source = folder.join(name).join("src");
        fs::create_dir_all(&source).expect("a folder under the target folder");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n{rest}"
        );
        fs::write(folder.join(name).join("Cargo.toml"), manifest).expect("a manifest");
        fs::write(source.join(file), text).expect("a source");
    };
    let runtime = root.join("runtime");
    let dependency = format!("guarded-callback = {{ path = {runtime:?} }}\n");
    let library = format!("[lib]\ncrate-type = [\"dylib\"]\n\n[dependencies]\n{dependency}");
    package("library", library, "lib.rs", LIBRARY);
    let program = "[dependencies]\nlibrary = { path = \"../library\" }\n".to_owned();
    package("program", program, "main.rs", PROGRAM);
    let workspace = "[workspace]\nmembers = [\"library\", \"program\"]\nresolver = \"2\"\n";
    fs::write(folder.join("Cargo.toml"), workspace).expect("a manifest");
    let _ = fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"));
    for profile in ["dev", "release"] {
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--package", "program", "--profile", profile])
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env("RUSTFLAGS", "-Cprefer-dynamic")
            .current_dir(&folder)
            .output()
            .expect("cargo runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "worked\n", "{profile}: {errors}");
    }
}
