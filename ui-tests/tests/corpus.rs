//! Functions as bindings of real libraries have them (`corpus`), and as nobody has them (`odd`),
//! beside their twins without the attribute: same output, which tells as well which implementations
//! calls resolve to and in which order values are dropped, and same warnings, in each edition, dev
//! and release.

mod scratch;

use std::path::Path;

use scratch::{Package, sources, without_attribute};

/// The least number of annotated functions in `corpus`.
const FUNCTIONS: usize = 80;

fn programs(folder: &str) -> Vec<(String, String)> {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
}

fn same_in(edition: &str) {
    let annotated = programs("corpus");
    let functions: usize =
        annotated.iter().map(|(_, text)| text.matches("#[guarded_callback").count()).sum();
    assert!(functions >= FUNCTIONS);
    let annotated: Vec<_> = annotated.into_iter().chain(programs("odd")).collect();
    let plain: Vec<_> =
        annotated.iter().map(|(name, text)| (name.clone(), without_attribute(text))).collect();
    let plain = Package::of_programs(&format!("corpus-plain-{edition}"), edition, &plain);
    let annotated =
        Package::of_programs(&format!("corpus-annotated-{edition}"), edition, &annotated);
    assert_eq!(plain.reports("check"), annotated.reports("check"), "edition {edition}");
    for profile in ["dev", "release"] {
        let (expected, found) = (plain.outputs(profile), annotated.outputs(profile));
        for ((name, expected), (_, found)) in expected.iter().zip(&found) {
            assert_eq!(expected, found, "{name} in edition {edition}, {profile}");
        }
    }
}

#[test]
fn corpus_behaves_as_its_twin_in_edition_2018() {
    same_in("2018");
}

#[test]
fn corpus_behaves_as_its_twin_in_edition_2021() {
    same_in("2021");
}

#[test]
fn corpus_behaves_as_its_twin_in_edition_2024() {
    same_in("2024");
}
