//! What a guarded callback costs, beside the alternatives. `cargo run --release -p benches -- help`
//! tells what can be measured.
//!
//! Here: the command line. Each part is a file: speed.rs, instructions.rs, threads.rs, first.rs,
//! memory.rs, build.rs and picture.rs; rows.rs says what is measured and which bounds it has,
//! caller.rs and object.rs how a callback is reached.

mod build;
mod caller;
mod child;
mod counter;
mod first;
mod instructions;
mod memory;
mod object;
mod picture;
mod rows;
mod speed;
mod table;
mod threads;

use std::process::ExitCode;

const HELP: &str = "\
usage: cargo run --release -p benches -- [part]... [option]...

parts (all of them unless some are named):
  instructions   instructions of a warm callback, counted exactly (needs valgrind; for other
                 targets: bash .ci/counts)
  speed          time of a warm callback, in an executable and in a shared object
  threads        the same on one thread, two and 64
  first          time of the first callback of a thread and of a process
  memory         what a thread keeps after one callback
  build          what the attribute costs a cold build, and `cargo check` of each function
  picture        counts and draws runtime/guide/cost.svg (only when named; needs valgrind)

options:
  --quick        few rounds
  --check        fail when a bound beside one of our rows is exceeded, or a table or the picture
                 in the documents is out of date";

/// What the command line asks for.
#[derive(Debug, Default)]
struct Asked {
    parts: Vec<Part>,
    quick: bool,
    check: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Instructions,
    Speed,
    Threads,
    First,
    Memory,
    Build,
    Picture,
}

impl Part {
    const ALL: [(&str, Self); 7] = [
        ("instructions", Self::Instructions),
        ("speed", Self::Speed),
        ("threads", Self::Threads),
        ("first", Self::First),
        ("memory", Self::Memory),
        ("build", Self::Build),
        ("picture", Self::Picture),
    ];
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    if let Some(result) = child::run(&arguments) {
        return done(result.map(|()| true));
    }
    if arguments.iter().any(|argument| argument == "help" || argument == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match parse(&arguments) {
        Ok(asked) => done(run(&asked)),
        Err(mistake) => {
            eprintln!("benches: {mistake}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn parse(arguments: &[String]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    for argument in arguments {
        match (argument.as_str(), Part::ALL.iter().find(|(name, _)| name == argument)) {
            (_, Some((_, part))) => asked.parts.push(*part),
            ("--quick", _) => asked.quick = true,
            ("--check", _) => asked.check = true,
            _ => return Err(format!("unknown argument `{argument}`")),
        }
    }
    if asked.parts.is_empty() {
        asked.parts = Part::ALL
            .map(|(_, part)| part)
            .into_iter()
            .filter(|part| *part != Part::Picture)
            .collect();
    }
    Ok(asked)
}

/// Whether all bounds hold that were asked to be checked.
fn run(asked: &Asked) -> Result<bool, String> {
    let mut hold = true;
    for part in &asked.parts {
        hold &= match part {
            Part::Speed => speed::print(asked.quick)?,
            Part::Instructions => instructions::print()?,
            Part::Threads => threads::print(asked.quick)?,
            Part::First => first::print(asked.quick)?,
            Part::Memory => memory::print(asked.quick)?,
            Part::Build => build::print()?,
            Part::Picture => picture::draw(asked.check)?,
        };
    }
    Ok(hold || !asked.check)
}

fn done(result: Result<bool, String>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("benches: a bound does not hold");
            ExitCode::FAILURE
        }
        Err(mistake) => {
            eprintln!("benches: {mistake}");
            ExitCode::FAILURE
        }
    }
}
