//! Small packages that are made under the target folder, and what the compiler says about them.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A package with one library per source, all of which may use `guarded_callback`.
pub struct Package {
    folder: PathBuf,
    names: Vec<String>,
}

/// The files in a folder, by name.
pub fn sources(folder: &Path) -> Vec<(String, String)> {
    let paths = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path());
    let read = |path: &Path| fs::read_to_string(path).expect("a case");
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    paths.map(|path| (name(&path), read(&path))).collect()
}

/// The text with blanks where the attribute and its import were, so that all places stay the same.
pub fn without_attribute(text: &str) -> String {
    let blanked = |text: &str, start: usize, end: usize| {
        let blanks = |letter| if letter == '\n' { letter } else { ' ' };
        let between: String = text[start..end].chars().map(blanks).collect();
        format!("{}{between}{}", &text[..start], &text[end..])
    };
    let mut text = text.to_owned();
    for import in [
        "use guarded_callback::guarded_callback;",
        "use super::guarded_callback;",
        "use ::guarded_callback::guarded_callback;",
    ] {
        while let Some(start) = text.find(import) {
            text = blanked(&text, start, start + import.len());
        }
    }
    let attributes = [
        "#[guarded_callback",
        "#[::guarded_callback",
        "#[cfg_attr(not(any()), guarded_",
        "#[cfg_attr(all(), guarded_",
        "#[cfg_attr(all(), cfg_attr(all(), guarded_",
    ];
    while let Some(start) = attributes.iter().find_map(|attribute| text.find(attribute)) {
        let mut depth = 0;
        let length = text[start..].char_indices().find_map(|(at, letter)| {
            depth += i32::from(letter == '[') - i32::from(letter == ']');
            (letter == ']' && depth == 0).then_some(at + 1)
        });
        text = blanked(&text, start, start + length.expect("the bracket is closed"));
    }
    text
}

impl Package {
    /// Writes the package. `sources` are names and texts.
    pub fn new(name: &str, edition: &str, sources: &[(String, String)]) -> Self {
        Self::of(name, edition, sources, "lib")
    }

    /// As `new`, with a program for each source.
    pub fn of_programs(name: &str, edition: &str, sources: &[(String, String)]) -> Self {
        Self::of(name, edition, sources, "bin")
    }

    /// As `new`, with this kind of crate for each source.
    pub fn of(name: &str, edition: &str, sources: &[(String, String)], kind: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("sources")).expect("a folder under the target folder");
        fs::write(folder.join("Cargo.toml"), manifest(name, edition, root, sources, kind))
            .expect("a manifest");
        fs::write(folder.join("sources/lib.rs"), "").expect("a library");
        let _ = fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"));
        for (name, text) in sources {
            fs::write(folder.join(format!("sources/{name}.rs")), text).expect("a source");
        }
        let mut names: Vec<_> = sources.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        Self { folder, names }
    }

    /// What `cargo check` or `cargo clippy` reports, sorted. The same report twice is there twice.
    pub fn reports(&self, command: &str) -> Vec<String> {
        let output = self.cargo(command);
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let messages = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let messages: Vec<_> =
            messages.filter(|message| message["reason"] == "compiler-message").collect();
        let built = output.status.success() || !messages.is_empty();
        assert!(built, "cargo {command} failed: {}", String::from_utf8_lossy(&output.stderr));
        let mut reports: Vec<_> = messages.iter().filter_map(report).collect();
        reports.sort();
        reports
    }

    /// Builds all of it. The folder where it lies.
    pub fn build(&self, profile: &str, environment: &[(&str, &str)]) -> PathBuf {
        let mut build = self.command("build");
        build.args(["--profile", profile]).envs(environment.iter().copied());
        let built = build.output().expect("cargo runs");
        let errors = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "cargo build failed: {errors}");
        target().join(if profile == "dev" { "debug" } else { profile }).join("examples")
    }

    /// The page about a function of a source, which may use unstable features of rustdoc.
    pub fn documentation(&self, name: &str, function: &str) -> String {
        let mut document = self.command("doc");
        let output = document.env("RUSTC_BOOTSTRAP", name).output().expect("cargo runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo doc failed: {errors}");
        let page = target().join(format!("doc/{name}/fn.{function}.html"));
        fs::read_to_string(page).expect("a page")
    }

    /// What each program prints, and how it ends.
    pub fn outputs(&self, profile: &str) -> Vec<(String, String)> {
        let folder = self.build(profile, &[]);
        let run = |name: &String| {
            let output = Command::new(folder.join(name)).output().expect("the program was built");
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            (name.clone(), format!("{printed}\n{}", output.status))
        };
        self.names.iter().map(run).collect()
    }

    /// The program or shared object of a source that is built with the attribute turned off,
    /// without symbols and debug information.
    pub fn linked_when_off(&self, name: &str, profile: &str) -> Vec<u8> {
        let off = target().join("off");
        let off_folder = off.to_str().expect("a name in Unicode");
        let flags = ("RUSTFLAGS", "--cfg guarded_callback_off");
        let folder = self.build(profile, &[("CARGO_TARGET_DIR", off_folder), flags]);
        let folder = off.join(folder.strip_prefix(target()).expect("a folder in it"));
        let files = [name.to_owned(), format!("lib{name}.so")].map(|file| folder.join(file));
        let linked = files.iter().find(|file| file.is_file()).expect("it was built");
        let stripped = self.folder.join("stripped");
        // The identifier is a hash of what is stripped as well.
        let arguments = ["--strip-all", "--remove-section=.note.gnu.build-id"];
        let status = Command::new("objcopy").args(arguments).arg(linked).arg(&stripped).status();
        assert!(status.expect("binutils are there").success());
        fs::remove_file(linked).expect("nobody runs it");
        fs::read(stripped).expect("objcopy has written it")
    }

    /// Writes a source anew, so that it is compiled again.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(format!("sources/{name}.rs")), text).expect("a source");
    }

    fn cargo(&self, command: &str) -> Output {
        self.command(command).args(["--message-format", "json"]).output().expect("cargo runs")
    }

    fn command(&self, command: &str) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args([command, "--examples", "--offline", "--keep-going"])
            .env("CARGO_TARGET_DIR", target())
            // Two hundred programs: 1 GB, and 3.5 with the defaults.
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
            .current_dir(&self.folder);
        cargo
    }
}

/// The target folder of all such packages.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch-target")
}

fn manifest(
    name: &str,
    edition: &str,
    root: &Path,
    sources: &[(String, String)],
    kind: &str,
) -> String {
    let runtime = root.join("runtime");
    let mut text = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"{edition}\"\n\n\
         [lib]\npath = \"sources/lib.rs\"\n\n\
         [dependencies]\nguarded-callback = {{ path = {runtime:?} }}\n\n[workspace]\n",
    );
    for (name, _) in sources {
        let example = format!(
            "\n[[example]]\nname = \"{name}\"\npath = \"sources/{name}.rs\"\n\
             crate-type = [\"{kind}\"]\n"
        );
        text.push_str(&example);
    }
    text
}

/// One line for a message about a source: where, how severe, which lint.
fn report(message: &Value) -> Option<String> {
    if message["target"]["kind"][0] != "example" {
        return None;
    }
    let (file, message) = (message["target"]["name"].as_str()?, &message["message"]);
    let level = message["level"].as_str()?;
    let code = message["code"]["code"].as_str().unwrap_or("without code");
    let spans = message["spans"].as_array()?.iter().filter(|span| span["is_primary"] == true);
    let places: BTreeSet<_> = spans.map(place).collect();
    let places: Vec<_> = places.into_iter().collect();
    if places.is_empty() {
        None
    } else {
        Some(format!("{file} {} {level} {code}", places.join(" and ")))
    }
}

fn place(span: &Value) -> String {
    let [line, column, end_line, end_column] =
        ["line_start", "column_start", "line_end", "column_end"].map(|key| &span[key]);
    format!("{line:0>3}:{column:0>3} to {end_line}:{end_column}")
}
