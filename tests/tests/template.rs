//! The template builds, and its tests pass, when it was copied out of the repository.
#![cfg(not(any(miri, cross)))] // it is built for this machine, by the machine's own cargo

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let name = from.file_name().unwrap();
        if from.is_file() {
            fs::copy(&from, to.join(name)).unwrap();
        } else if name != "target" {
            copy(&from, &to.join(name));
        }
    }
}

/// An empty folder outside of every workspace, gone when it is dropped.
struct Empty(PathBuf);

impl Empty {
    fn new() -> Self {
        let folder =
            env::temp_dir().join(format!("guarded-callback-template-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn copy_of_the_template_passes_its_tests_in_an_empty_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let empty = Empty::new();
    copy(&root.join("examples/template"), &empty.0);
    // The one edit that its README asks for: where the checkout is.
    let manifest = empty.0.join("Cargo.toml");
    let folder = format!("path = \"{}/", root.display().to_string().replace('\\', "/"));
    let text = fs::read_to_string(&manifest).unwrap();
    assert_eq!(text.matches("path = \"../../").count(), 2);
    fs::write(&manifest, text.replace("path = \"../../", &folder)).unwrap();
    // Versions that are on the machine already, so that the test needs no network.
    fs::copy(root.join("Cargo.lock"), empty.0.join("Cargo.lock")).unwrap();

    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("template");
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--quiet"]).current_dir(&empty.0).env("CARGO_TARGET_DIR", target);
    // What the tests around are built with is not the copy's.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTDOCFLAGS"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    assert!(told.contains("test result: ok. 7 passed"), "{told}");
}
