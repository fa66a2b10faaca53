//! The user's lints are the user's: every file in tests/lints is compiled with the attribute and
//! without it, and rustc and clippy must say the same about both, as often, at the same places.

mod scratch;

use std::path::Path;

use scratch::{Package, without_attribute};

/// The files in a folder under tests, by name.
fn sources(folder: &str) -> Vec<(String, String)> {
    scratch::sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder))
}

/// The text with all of it in a module that has the attribute, in place of those on its functions
/// that say nothing else.
fn in_module(text: &str) -> String {
    let import = "use guarded_callback::guarded_callback;\n";
    let (head, rest) = text.split_once(import).expect("a case imports the attribute");
    let rest: Vec<_> = rest.lines().filter(|line| line.trim() != "#[guarded_callback]").collect();
    format!(
        "{head}{import}#[guarded_callback]\n/// All.\npub mod all {{\n\
         #[allow(unused_imports)] use super::guarded_callback;\n{}\n}}\n",
        rest.join("\n")
    )
}

// Clippy sees other text than rustc (macros/src/expand/clippy.rs).
const BOTH: &[&str] = &["clippy", "check"];

/// Compares what these commands of cargo say about the files; there are at least so many lints.
fn compare(commands: &[&str], folder: &str, annotated: &[(String, String)], least: usize) {
    let plain: Vec<_> =
        annotated.iter().map(|(name, text)| (name.clone(), without_attribute(text))).collect();
    let plain = Package::new(&format!("plain-{folder}"), "2024", &plain);
    let annotated = Package::new(&format!("annotated-{folder}"), "2024", annotated);
    for &command in commands {
        let (expected, found) = (plain.reports(command), annotated.reports(command));
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
    compare(BOTH, "lints", &sources("lints"), 40);
}

#[test]
fn lints_say_the_same_in_an_annotated_module() {
    let sources: Vec<_> =
        sources("lints").into_iter().map(|(name, text)| (name, in_module(&text))).collect();
    compare(BOTH, "lints-in-module", &sources, 40);
}

// Rustc looks for calls of a function in the function itself, not in closures, and a body that is a
// part of the shim's function would have its frame before there is the room for it.
#[test]
#[ignore = "the closure that holds the body hides a call to the function itself from rustc"]
fn lint_about_recursion_fires() {
    compare(&["check"], "lints_lost", &sources("lints_lost"), 1);
}

#[test]
fn lint_about_recursion_fires_in_clippy() {
    compare(&["clippy"], "lints_lost", &sources("lints_lost"), 1);
}
