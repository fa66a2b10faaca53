//! The table of hard cases in README.md names tests that exist.

use std::path::Path;

/// The text of all tests below `folder`.
fn sources(folder: &Path) -> String {
    let entries =
        std::fs::read_dir(folder).expect("the tests").map(|entry| entry.expect("an entry").path());
    entries
        .map(|path| match path.extension() {
            _ if path.is_dir() => sources(&path),
            Some(extension) if extension == "rs" => std::fs::read_to_string(&path).expect("a text"),
            _ => String::new(),
        })
        .collect()
}

#[test]
fn table_of_hard_cases_names_tests_that_are_there() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(tests.join("README.md")).expect("the table");
    let table = readme.split_once("## Hard cases").expect("the heading").1;
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(
        rows.len(),
        20,
        "one row for each of the design, but for those told below the table"
    );
    let mut all = sources(&tests.join("tests"));
    for elsewhere in ["abi/tests", "../ui-tests/tests"] {
        all += &sources(&tests.join(elsewhere));
    }
    for row in rows {
        let names: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            let is_there =
                all.contains(&format!("fn {name}(")) || all.contains(&format!(" {name} ="));
            assert!(is_there, "no test of the name {name}: {row}");
        }
    }
}
