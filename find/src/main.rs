//! The command: `guarded-callback-find [--fix] [--attribute TEXT] [--all] [PATH ...]`.

use std::process::ExitCode;

use guarded_callback_find::{Error, Report, State, find, fix};

const HELP: &str = "\
Lists the extern functions with a body that lack #[guarded_callback].

usage: guarded-callback-find [options] [PATH ...]

  PATH              files and folders to look at; the current folder unless some are named
  --fix             insert the attribute where it is lacking
  --attribute TEXT  what to insert; guarded_callback::guarded_callback unless named
  --all             list those that are guarded or skipped as well
  --help, --version

status: 0 when nothing lacks the attribute (any more), 1 when something does, 2 when something went wrong";

/// The exit status when something went wrong.
const FAILED: u8 = 2;

struct Options {
    paths: Vec<String>,
    fix: bool,
    all: bool,
    attribute: String,
}

fn main() -> ExitCode {
    match options(std::env::args().skip(1)) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(options)) => run(&options).map_or_else(|error| fail(&error.to_string()), ExitCode::from),
        Err(message) => fail(&format!("{message}; --help tells what can be said")),
    }
}

/// What the arguments say; nothing when they were answered already.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let attribute = "guarded_callback::guarded_callback".to_owned();
    let mut options = Options { paths: Vec::new(), fix: false, all: false, attribute };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return answer(HELP),
            "--version" => return answer(concat!("guarded-callback-find ", env!("CARGO_PKG_VERSION"))),
            "--fix" => options.fix = true,
            "--all" => options.all = true,
            "--attribute" => options.attribute = arguments.next().ok_or("--attribute wants a text behind it")?,
            unknown if unknown.starts_with('-') => return Err(format!("unknown option `{unknown}`")),
            path => options.paths.push(path.to_owned()),
        }
    }
    if options.paths.is_empty() {
        options.paths.push(".".to_owned());
    }
    Ok(Some(options))
}

fn answer(text: &str) -> Result<Option<Options>, String> {
    println!("{text}");
    Ok(None)
}

/// The exit status, or why there is nothing to tell.
fn run(options: &Options) -> Result<u8, Error> {
    let reports = options.paths.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    for report in &reports {
        list(report, options.all);
    }
    println!("{}", summary(&reports));
    if options.fix {
        let fixed = reports.iter().map(|report| fix(report, &options.attribute)).sum::<Result<usize, _>>()?;
        println!("inserted #[{}] {fixed} times", options.attribute);
    }
    let unreadable = reports.iter().flat_map(|report| &report.unreadable);
    let unreadable = unreadable.inspect(|error| eprintln!("guarded-callback-find: {error}")).count();
    let is_lacking = !options.fix && reports.iter().any(|report| report.lacking().next().is_some());
    Ok(if unreadable > 0 { FAILED } else { u8::from(is_lacking) })
}

fn list(report: &Report, all: bool) {
    for function in &report.functions {
        if all || !matches!(function.state, State::Guarded | State::Skipped) {
            println!("{function}");
        }
    }
    for hidden in &report.hidden {
        println!("{hidden}");
    }
}

fn summary(reports: &[Report]) -> String {
    let count = |wanted: fn(&State) -> bool| -> usize {
        let of = |report: &Report| report.functions.iter().filter(|function| wanted(&function.state)).count();
        reports.iter().map(of).sum()
    };
    let files: usize = reports.iter().map(|report| report.files).sum();
    let hidden: usize = reports.iter().map(|report| report.hidden.len()).sum();
    format!(
        "{} extern functions in {files} files: {} guarded, {} lack the attribute, {} cannot have it, {} skipped; {hidden} more in macros",
        count(|_| true),
        count(|state| matches!(state, State::Guarded)),
        count(|state| matches!(state, State::Lacking)),
        count(|state| matches!(state, State::Cannot(_))),
        count(|state| matches!(state, State::Skipped)),
    )
}

fn fail(message: &str) -> ExitCode {
    eprintln!("guarded-callback-find: {message}");
    ExitCode::from(FAILED)
}
