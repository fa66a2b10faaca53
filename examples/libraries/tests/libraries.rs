//! Every example prints the line that README.md shows, and dies without the attribute.

use std::process::{Command, Output};

const README: &str = include_str!("../README.md");

/// The name, and the program where it was built: some need a feature.
const EXAMPLES: [(&str, Option<&str>); 8] = [
    ("sqlite", Some(env!("CARGO_BIN_EXE_sqlite"))),
    ("lua", Some(env!("CARGO_BIN_EXE_lua"))),
    ("zlib", Some(env!("CARGO_BIN_EXE_zlib"))),
    ("throwing", Some(env!("CARGO_BIN_EXE_throwing"))),
    ("quickjs", Some(env!("CARGO_BIN_EXE_quickjs"))),
    ("expat", if cfg!(feature = "expat") { option_env!("CARGO_BIN_EXE_expat") } else { None }),
    ("glib", if cfg!(feature = "glib") { option_env!("CARGO_BIN_EXE_glib") } else { None }),
    ("libuv", if cfg!(feature = "libuv") { option_env!("CARGO_BIN_EXE_libuv") } else { None }),
];

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().expect("the program was built with this test")
}

/// The only line of README.md that begins with the example's name and a colon.
fn shown(name: &str) -> &'static str {
    let start = format!("{name}: ");
    let mut lines = README.lines().filter(|line| line.starts_with(&start));
    let line = lines.next().unwrap_or_else(|| panic!("README.md shows no line of {name}"));
    assert_eq!(lines.next(), None, "README.md shows two lines of {name}");
    line
}

#[test]
fn every_example_prints_the_line_of_the_readme() {
    for (name, program) in EXAMPLES {
        let shown = shown(name);
        let Some(program) = program else { continue };
        let output = run(program, &[]);
        assert!(output.status.success(), "{name}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), shown);
    }
}

#[test]
fn every_example_dies_without_the_attribute() {
    for (name, program) in EXAMPLES {
        let Some(program) = program else { continue };
        let output = run(program, &["plain"]);
        assert_eq!(output.status.code(), None, "{name} was not killed: {output:?}");
    }
}

#[test]
fn a_wrong_argument_is_an_error() {
    for program in EXAMPLES.iter().filter_map(|(_, program)| *program) {
        for arguments in [&["plian"][..], &["plain", "plain"]] {
            let output = run(program, arguments);
            assert_eq!(output.status.code(), Some(2), "{output:?}");
            assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"), "{output:?}");
        }
    }
}
