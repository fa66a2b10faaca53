//! Everything that the attribute accepts, it accepts in the older editions too.

mod scratch;

use std::fs;
use std::path::Path;

use scratch::Package;

/// The files in tests/pass, which are written so that they need no new edition themselves.
fn sources() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pass");
    let paths = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let sources = paths.map(|path| (name(&path), fs::read_to_string(&path).expect("a case")));
    // In a library nobody calls `main`.
    sources
        .map(|(name, text)| (name, text.replace("\nfn main()", "\n#[allow(dead_code)]\nfn main()")))
        .collect()
}

/// A name that is a keyword in the edition of the attribute.
const KEYWORD: &str = "#![allow(missing_docs)]
#[guarded_callback::guarded_callback]
pub extern \"C\" fn naked(gen: u32) -> u32 { gen }
#[guarded_callback::guarded_callback(fallback = gen)]
pub extern \"C\" fn with_fallback(gen: u32) -> u32 { gen }
";

fn accepted_in(edition: &str) {
    let mut sources = sources();
    assert!(sources.len() >= 40);
    sources.push(("keyword".to_owned(), KEYWORD.to_owned()));
    let reports = Package::new(&format!("edition-{edition}"), edition, &sources).reports("check");
    assert!(reports.is_empty(), "in edition {edition}: {reports:#?}");
}

#[test]
fn accepted_in_edition_2021() {
    accepted_in("2021");
}

#[test]
fn accepted_in_edition_2018() {
    accepted_in("2018");
}
