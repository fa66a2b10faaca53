//! The user's lints are the user's: every file in tests/lints is compiled with the attribute and without it, and rustc and clippy must say
//! the same about both, as often, at the same places.

mod scratch;

use std::fs;
use std::path::Path;

use scratch::Package;

/// The files in a folder under tests, by name.
fn sources(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let paths = fs::read_dir(folder).expect("the folder of cases").map(|entry| entry.expect("an entry").path());
    let read = |path: &Path| fs::read_to_string(path).expect("a case");
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    paths.map(|path| (name(&path), read(&path))).collect()
}

/// The text with nothing where the attribute and its import were, so that all places stay the same.
fn without_attribute(text: &str) -> String {
    let blank = |line: &str| {
        let line_of_ours =
            line.trim().starts_with("#[guarded_callback") || line == "use guarded_callback::guarded_callback;";
        if line_of_ours { String::new() } else { line.to_owned() }
    };
    text.lines().map(blank).collect::<Vec<_>>().join("\n")
}

/// Compares what clippy, and rustc through it, say about the files in a folder; there are at least so many lints.
fn compare(folder: &str, least: usize) {
    let annotated = sources(folder);
    let plain: Vec<_> = annotated.iter().map(|(name, text)| (name.clone(), without_attribute(text))).collect();
    let expected = Package::new(&format!("plain-{folder}"), "2024", &plain).reports("clippy");
    let found = Package::new(&format!("annotated-{folder}"), "2024", &annotated).reports("clippy");
    assert!(expected.len() >= least, "the cases should provoke more lints: {expected:#?}");
    let lost: Vec<_> = expected.iter().filter(|report| !found.contains(report)).collect();
    let new: Vec<_> = found.iter().filter(|report| !expected.contains(report)).collect();
    assert!(lost.is_empty() && new.is_empty(), "lost with the attribute: {lost:#?}\nonly with the attribute: {new:#?}");
    assert_eq!(expected, found, "some lints fire more often");
}

#[test]
fn lints_say_the_same_with_and_without_the_attribute() {
    compare("lints", 40);
}

#[test]
#[ignore = "the closure that holds the body hides a call to the function itself from rustc, and its return type names the lifetime again"]
fn lints_about_recursion_and_needless_lifetimes_fire() {
    compare("lints_lost", 2);
}
