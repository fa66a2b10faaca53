//! What a guarded callback costs, beside the alternatives. `cargo run --release -p benches -- help` tells what can be measured.

mod caller;
mod callgrind;
mod instructions;
mod object;
mod rows;
mod speed;
mod table;

use std::process::ExitCode;

const HELP: &str = "\
usage: cargo run --release -p benches -- [part]... [option]...

parts, all but `instructions` unless some are named:
  speed          time of a warm callback, in an executable and in a shared object
  instructions   instructions of a warm callback, counted exactly (needs valgrind)

options:
  --quick        few rounds
  --check        fail when a bound beside one of our rows is exceeded";

/// What the command line asks for.
#[derive(Debug, Default)]
struct Asked {
    parts: Vec<Part>,
    quick: bool,
    check: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Speed,
    Instructions,
}

impl Part {
    const ALL: [(&str, Self); 2] = [("speed", Self::Speed), ("instructions", Self::Instructions)];
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == instructions::CHILD) {
        return done(instructions::run_in_child().map(|()| true));
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
        asked.parts = vec![Part::Speed];
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
