//! Small packages that are made under the target folder, and what the compiler says about them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A package with one library per source, all of which may use `guarded_callback`.
pub struct Package {
    folder: PathBuf,
}

impl Package {
    /// Writes the package. `sources` are names and texts.
    pub fn new(name: &str, edition: &str, sources: &[(String, String)]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("sources")).expect("a folder under the target folder");
        fs::write(folder.join("Cargo.toml"), manifest(name, edition, root, sources)).expect("a manifest");
        fs::write(folder.join("sources/lib.rs"), "").expect("a library");
        let _ = fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"));
        for (name, text) in sources {
            fs::write(folder.join(format!("sources/{name}.rs")), text).expect("a source");
        }
        Self { folder }
    }

    /// What `cargo check` or `cargo clippy` reports, sorted. The same report twice is there twice.
    pub fn reports(&self, command: &str) -> Vec<String> {
        let output = self.cargo(command);
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let messages = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let messages: Vec<_> = messages.filter(|message| message["reason"] == "compiler-message").collect();
        let built = output.status.success() || !messages.is_empty();
        assert!(built, "cargo {command} failed: {}", String::from_utf8_lossy(&output.stderr));
        let mut reports: Vec<_> = messages.iter().filter_map(report).collect();
        reports.sort();
        reports
    }

    /// Writes a source anew, so that it is compiled again.
    #[allow(dead_code, reason = "not every test does")]
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(format!("sources/{name}.rs")), text).expect("a source");
    }

    /// The size of what `cargo check` leaves of a source for other crates.
    #[allow(dead_code, reason = "not every test asks")]
    pub fn metadata_bytes(&self, name: &str) -> u64 {
        let examples = target().join("debug/examples");
        let start = format!("lib{}-", name.replace('-', "_"));
        let entries = fs::read_dir(examples).expect("examples were checked").flatten();
        let files = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&start));
        let metadata = files.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "rmeta"));
        metadata.map(|entry| entry.metadata().expect("of a file").len()).max().expect("metadata")
    }

    fn cargo(&self, command: &str) -> Output {
        Command::new(env!("CARGO"))
            .args([command, "--examples", "--offline", "--keep-going", "--message-format", "json"])
            .env("CARGO_TARGET_DIR", target())
            .current_dir(&self.folder)
            .output()
            .expect("cargo runs")
    }
}

/// The target folder of all such packages.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch-target")
}

fn manifest(name: &str, edition: &str, root: &Path, sources: &[(String, String)]) -> String {
    let runtime = root.join("runtime");
    let mut text = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"{edition}\"\n\n[lib]\npath = \"sources/lib.rs\"\n\n\
         [dependencies]\nguarded-callback = {{ path = {runtime:?} }}\n\n[workspace]\n",
    );
    for (name, _) in sources {
        let example =
            format!("\n[[example]]\nname = \"{name}\"\npath = \"sources/{name}.rs\"\ncrate-type = [\"lib\"]\n");
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
    if places.is_empty() { None } else { Some(format!("{file} {} {level} {code}", places.join(" and "))) }
}

fn place(span: &Value) -> String {
    let [line, column, end_line, end_column] =
        ["line_start", "column_start", "line_end", "column_end"].map(|key| &span[key]);
    format!("{line:0>3}:{column:0>3} to {end_line}:{end_column}")
}
