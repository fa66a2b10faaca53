//! Every story prints the line that README.md shows, and lives through the tour.

use std::process::{Command, Output};

const README: &str = include_str!("../README.md");

const STORIES: [(&str, &str); 5] = [
    ("deep_frame", env!("CARGO_BIN_EXE_deep_frame")),
    ("worker", env!("CARGO_BIN_EXE_worker")),
    ("tree_walk", env!("CARGO_BIN_EXE_tree_walk")),
    ("coroutine", env!("CARGO_BIN_EXE_coroutine")),
    ("sort", env!("CARGO_BIN_EXE_sort")),
];

/// The numbers before these words depend on the machine and the profile.
const VARYING: [&str; 3] = ["MiB", "ms", "more"];

/// Replaces the numbers that vary.
fn masked(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let varies = |at: usize| words.get(at + 1).is_some_and(|next| VARYING.contains(next));
    let mask = |(at, word): (usize, &&str)| match word.parse::<f64>() {
        Ok(_) if varies(at) => "#".to_owned(),
        _ => (*word).to_owned(),
    };
    words.iter().enumerate().map(mask).collect::<Vec<_>>().join(" ")
}

/// What README.md shows of a story, masked.
fn shown(name: &str) -> String {
    let start = format!("{name}: ");
    let mut lines = README.lines().filter(|line| line.starts_with(&start));
    let line = lines.next().unwrap_or_else(|| panic!("README.md shows no line of {name}"));
    assert_eq!(lines.next(), None, "README.md shows two lines of {name}");
    masked(line)
}

fn run(program: &str) -> (Output, String) {
    let output = Command::new(program).output().expect("the program was built with this test");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, printed)
}

#[test]
fn every_story_prints_the_line_of_the_readme() {
    for (name, program) in STORIES {
        let (output, printed) = run(program);
        assert!(output.status.success(), "{name} failed: {output:?}");
        if !printed.contains("not on this target") {
            assert_eq!(masked(&printed), shown(name));
        }
    }
}

#[test]
fn the_tour_shows_the_same_lines_and_how_the_plain_callbacks_died() {
    let (output, printed) = run(env!("CARGO_BIN_EXE_tour"));
    assert!(output.status.success(), "the tour failed: {output:?}");
    for (name, _) in STORIES {
        let mut lines = printed.lines().skip_while(|line| !line.starts_with(name));
        let without = lines.next().unwrap_or_else(|| panic!("no {name} in {printed}"));
        let with = lines.next().and_then(|line| line.trim().strip_prefix("with"));
        let with = with.unwrap_or_else(|| panic!("{name} with: {printed}")).trim();
        if with.starts_with("not on this target") {
            continue;
        }
        assert_eq!(masked(with), shown(name).replacen(&format!("{name}: "), "ok, ", 1));
        let dies = name != "sort";
        assert_eq!(without.contains("without  killed by SIG"), dies, "{printed}");
    }
    assert!(printed.lines().count() < 25 && !printed.contains("0x"), "{printed}");
    assert!(printed.contains(" x\n"), "no cost in {printed}");
}

fn tour(option: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tour")).arg(option).output();
    let output = output.expect("the program was built with this test");
    assert!(output.status.success(), "{option}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn help_is_given_when_asked_for() {
    assert!(tour("--help").starts_with("usage: cargo run --release"));
}

/// The lines of a map, without numbers and their units.
fn map_of(text: &str) -> Vec<String> {
    let stays = |word: &&str| {
        !word.contains(|c: char| c.is_ascii_digit())
            && !["KiB", "MiB", "bytes"].contains(&word.trim_end_matches(','))
    };
    let lines = text.lines().filter(|line| line.starts_with("0x"));
    lines.map(|line| line.split(' ').filter(stays).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn the_map_is_drawn_as_the_guide_shows_it() {
    let page = include_str!("../../runtime/guide/debugging.md");
    let map = tour("--map");
    assert_eq!(map_of(&map), map_of(page), "{map}");
}

fn is_refused(program: &str, arguments: &[&str], words: &str) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("the program was built with this test");
    assert_eq!(output.status.code(), Some(2), "{program} {arguments:?}: {output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains(words),
        "{program} {arguments:?}: {output:?}"
    );
}

#[test]
fn a_wrong_argument_is_an_error() {
    for (_, program) in STORIES {
        is_refused(program, &["plian"], "`plian` is neither `plain` nor `guarded`");
        is_refused(program, &["plain", "guarded"], "one argument at most");
    }
    let tour = env!("CARGO_BIN_EXE_tour");
    is_refused(tour, &["nonsense"], "no story is called `nonsense`");
    is_refused(tour, &["worker", "plian"], "`plian` is neither");
    is_refused(tour, &["worker", "plain", "plain"], "one argument at most");
    is_refused(tour, &["svg"], "no story is called `svg`");
}
