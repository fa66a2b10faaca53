//! The user's lints are the user's: every file in tests/lints is compiled with the attribute and without it, and rustc and clippy must say
//! the same about both, as often, at the same places.

mod scratch;

use std::fs;
use std::path::Path;

use scratch::Package;

/// The files in a folder under tests, by name.
fn sources(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let paths = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path());
    let read = |path: &Path| fs::read_to_string(path).expect("a case");
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    paths.map(|path| (name(&path), read(&path))).collect()
}

/// The text with nothing where the attribute and its import were, so that all places stay the same.
fn without_attribute(text: &str) -> String {
    let blank = |line: &str| {
        let line_of_ours =
            line.trim().starts_with("#[guarded_callback") || line.ends_with("::guarded_callback;");
        if line_of_ours { String::new() } else { line.to_owned() }
    };
    text.lines().map(blank).collect::<Vec<_>>().join("\n")
}

/// The text with all of it in a module that has the attribute, in place of those on its functions that say nothing else. There more shims are
/// naked: nothing is around the functions that they could name.
fn in_module(text: &str) -> String {
    let import = "use guarded_callback::guarded_callback;\n";
    let (head, rest) = text.split_once(import).expect("a case imports the attribute");
    let rest: Vec<_> = rest.lines().filter(|line| line.trim() != "#[guarded_callback]").collect();
    format!(
        "{head}{import}#[guarded_callback]\n/// All.\npub mod all {{\n#[allow(unused_imports)] use super::guarded_callback;\n{}\n}}\n",
        rest.join("\n")
    )
}

/// Compares what rustc and clippy say about these files; there are at least so many lints.
fn compare(folder: &str, annotated: &[(String, String)], least: usize) {
    let plain: Vec<_> =
        annotated.iter().map(|(name, text)| (name.clone(), without_attribute(text))).collect();
    let plain = Package::new(&format!("plain-{folder}"), "2024", &plain);
    let annotated = Package::new(&format!("annotated-{folder}"), "2024", annotated);
    // Clippy sees some shims in another form than rustc (macros/src/expand.rs).
    for command in ["clippy", "check"] {
        let (expected, mut found) = (plain.reports(command), annotated.reports(command));
        // A naked shim and the functions inside of it all have the types of the signature.
        let may_repeat = |report: &str| {
            ["deprecated", "improper_ctypes_definitions"].iter().any(|lint| report.ends_with(lint))
        };
        found.dedup_by(|one, other| one == other && may_repeat(one));
        assert!(
            command == "check" || expected.len() >= least,
            "the cases should provoke more lints: {expected:#?}"
        );
        assert!(
            !expected.iter().any(|report| report.contains(" error E")),
            "the cases should compile: {expected:#?}"
        );
        let lost: Vec<_> = expected.iter().filter(|report| !found.contains(report)).collect();
        let new: Vec<_> = found.iter().filter(|report| !expected.contains(report)).collect();
        assert!(
            lost.is_empty() && new.is_empty(),
            "{command}: lost with the attribute: {lost:#?}\nonly with the attribute: {new:#?}"
        );
        assert_eq!(expected, found, "{command}: some lints fire more often");
    }
}

#[test]
fn lints_say_the_same_with_and_without_the_attribute() {
    compare("lints", &sources("lints"), 40);
}

#[test]
fn lints_say_the_same_in_an_annotated_module() {
    let sources: Vec<_> =
        sources("lints").into_iter().map(|(name, text)| (name, in_module(&text))).collect();
    compare("lints-in-module", &sources, 40);
}

#[test]
#[ignore = "the closure that holds the body hides a call to the function itself from rustc, and its return type names the lifetime again"]
fn lints_about_recursion_and_needless_lifetimes_fire() {
    compare("lints_lost", &sources("lints_lost"), 2);
}
