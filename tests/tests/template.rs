//! What a reader does outside of the repository, by the words of a README: the first steps, and a
//! copy of the template.
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
    fn new(name: &str) -> Self {
        let folder =
            env::temp_dir().join(format!("guarded-callback-{name}-{}", std::process::id()));
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

/// A command in this folder, with nothing of what the tests around are built with.
fn outside(program: &str, folder: &Path) -> Command {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    let mut command = Command::new(program);
    command.current_dir(folder).env("CARGO_TARGET_DIR", target);
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTDOCFLAGS"] {
        command.env_remove(name);
    }
    command
}

/// The first fenced block of this language after the words.
fn block<'a>(text: &'a str, after: &str, language: &str) -> &'a str {
    let text = text.split_once(after).expect("the words").1;
    let text = text.split_once(&format!("```{language}\n")).expect("a block").1;
    text.split_once("```").expect("its end").0
}

#[test]
#[cfg(unix)]
fn commands_and_example_of_the_readme_lead_to_a_guarded_callback_in_an_empty_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let commands = block(&readme, "## Install", "sh");
    let example = block(&readme, "## Example", "rust");
    let empty = Empty::new("readme");

    let commands = commands.replace("CHECKOUT", &root.display().to_string());
    let mut shell = outside("sh", &empty.0);
    // Versions that are on the machine already, so that the test needs no network.
    let lock = format!("cp '{}' .", root.join("Cargo.lock").display());
    let output = shell.args(["-ec", &format!("{commands}\n{lock}\npwd")]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let folder = Path::new(printed.trim_end().lines().last().unwrap());

    let run = |source: &str| {
        fs::write(folder.join("src/main.rs"), source).unwrap();
        outside(env!("CARGO"), folder).args(["run", "--quiet"]).output().unwrap()
    };
    let guarded = run(example);
    assert_eq!(String::from_utf8_lossy(&guarded.stdout), "[1, 2, 3]\n", "{guarded:?}");
    let attribute = "#[guarded_callback(reserve = \"1 MiB\")]\n";
    assert!(example.contains(attribute));
    let plain = run(&example.replace(attribute, ""));
    assert!(!plain.status.success(), "{plain:?}");
    let errors = String::from_utf8_lossy(&plain.stderr);
    assert!(errors.contains("thread 'small'") && errors.contains("has overflowed its stack"));
}

#[test]
fn copy_of_the_template_passes_its_tests_in_an_empty_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let empty = Empty::new("template");
    copy(&root.join("examples/template"), &empty.0);
    // The one edit that its README asks for: where the checkout is.
    let manifest = empty.0.join("Cargo.toml");
    let folder = format!("path = \"{}/", root.display().to_string().replace('\\', "/"));
    let text = fs::read_to_string(&manifest).unwrap();
    assert_eq!(text.matches("path = \"../../").count(), 2);
    fs::write(&manifest, text.replace("path = \"../../", &folder)).unwrap();
    // Versions that are on the machine already, so that the test needs no network.
    fs::copy(root.join("Cargo.lock"), empty.0.join("Cargo.lock")).unwrap();

    let mut command = outside(env!("CARGO"), &empty.0);
    command.args(["test", "--quiet"]);
    let output = command.output().unwrap();
    let reported = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{reported}{errors}");
    assert!(reported.contains("test result: ok. 7 passed"), "{reported}");
}
