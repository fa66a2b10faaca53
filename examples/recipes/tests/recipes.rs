//! Every recipe prints the line that README.md shows, and dies without the attribute.

use std::process::{Command, Output};

const README: &str = include_str!("../README.md");

const RECIPES: [(&str, &str); 4] = [
    ("closure", env!("CARGO_BIN_EXE_closure")),
    ("audio", env!("CARGO_BIN_EXE_audio")),
    ("rayon", env!("CARGO_BIN_EXE_rayon")),
    ("tokio", env!("CARGO_BIN_EXE_tokio")),
];

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().expect("the program was built with this test")
}

#[test]
fn every_recipe_prints_the_line_of_the_readme() {
    for (name, program) in RECIPES {
        let output = run(program, &[]);
        assert!(output.status.success(), "{name}: {output:?}");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(
            README.lines().any(|line| line == printed.trim_end()),
            "README.md lacks: {printed}"
        );
    }
}

#[test]
fn every_recipe_dies_without_the_attribute() {
    for (name, program) in RECIPES {
        let output = run(program, &["plain"]);
        assert_eq!(output.status.code(), None, "{name} was not killed: {output:?}");
    }
}
