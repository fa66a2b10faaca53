//! The command: `guarded-callback-find [--fix] [--attribute TEXT] [--all] [PATH ...]`.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use guarded_callback_find::{Report, State, find_in, fix};

const HELP: &str = "\
Lists the extern functions with a body that lack #[guarded_callback].

usage: guarded-callback-find [options] [PATH ...]

  PATH              files and folders to look at; the current folder unless some are named
  --fix             insert the attribute where it is lacking
  --attribute TEXT  what to insert; guarded_callback::guarded_callback unless named
  --all             list those that are guarded or skipped as well
  --help, --version
  --                what follows is a path

status: 0 when nothing lacks the attribute (any more), 1 when something does, 2 when something went wrong";

/// The exit status when something went wrong.
const FAILED: u8 = 2;

struct Options {
    paths: Vec<PathBuf>,
    fix: bool,
    all: bool,
    attribute: String,
}

fn main() -> ExitCode {
    let result = options(std::env::args_os().skip(1)).and_then(|wanted| match wanted {
        Wanted::Answer(text) => say(&format!("{text}\n")).map(|()| 0),
        Wanted::Work(options) => run(&options),
    });
    result.map_or_else(|message| fail(&message), ExitCode::from)
}

/// What the arguments say.
enum Wanted {
    Answer(&'static str),
    Work(Options),
}

fn options(mut arguments: impl Iterator<Item = OsString>) -> Result<Wanted, String> {
    let attribute = "guarded_callback::guarded_callback".to_owned();
    let mut options = Options { paths: Vec::new(), fix: false, all: false, attribute };
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(Wanted::Answer(HELP)),
            Some("--version") => {
                return Ok(Wanted::Answer(concat!("guarded-callback-find ", env!("CARGO_PKG_VERSION"))));
            }
            Some("--fix") => options.fix = true,
            Some("--all") => options.all = true,
            Some("--attribute") => options.attribute = text_of_attribute(arguments.next())?,
            Some("--") => options.paths.extend(arguments.by_ref().map(PathBuf::from)),
            _ if argument.as_encoded_bytes().starts_with(b"-") => {
                return Err(format!("unknown option `{}`; --help tells what can be said", argument.display()));
            }
            _ => options.paths.push(argument.into()),
        }
    }
    if options.paths.is_empty() {
        options.paths.push(".".into());
    }
    Ok(Wanted::Work(options))
}

fn text_of_attribute(argument: Option<OsString>) -> Result<String, String> {
    let text = argument.ok_or("--attribute wants a text behind it; --help tells what can be said")?;
    text.into_string().map_err(|text| format!("`{}` is no attribute: it is not UTF-8", text.display()))
}

/// The exit status, or why there is none to tell.
fn run(options: &Options) -> Result<u8, String> {
    let report = find_in(&options.paths).map_err(|error| error.to_string())?;
    say(&list(&report, options.all))?;
    if options.fix {
        let fixed = fix(&report, &options.attribute).map_err(|error| error.to_string())?;
        say(&format!("inserted #[{}] {fixed} times\n", options.attribute))?;
    }
    for error in &report.unreadable {
        eprintln!("guarded-callback-find: {error}");
    }
    let is_lacking = !options.fix && report.lacking().next().is_some();
    Ok(if report.unreadable.is_empty() { u8::from(is_lacking) } else { FAILED })
}

fn list(report: &Report, all: bool) -> String {
    let is_listed = |state: State| all || !matches!(state, State::Guarded | State::Skipped);
    let functions = report.functions.iter().filter(|function| is_listed(function.state)).map(|it| format!("{it}\n"));
    let hidden = report.hidden.iter().map(|hidden| format!("{hidden}\n"));
    functions.chain(hidden).chain([summary(report)]).collect()
}

fn summary(report: &Report) -> String {
    let count = |wanted: fn(&State) -> bool| report.functions.iter().filter(|function| wanted(&function.state)).count();
    format!(
        "{} extern functions in {} files: {} guarded, {} lack the attribute, {} cannot have it, {} skipped; {} more in macros\n",
        report.functions.len(),
        report.files,
        count(|state| matches!(state, State::Guarded)),
        count(|state| matches!(state, State::Lacking)),
        count(|state| matches!(state, State::Cannot(_))),
        count(|state| matches!(state, State::Skipped)),
        report.hidden.len(),
    )
}

/// Prints; a reader that has gone, such as `head`, has read what it wanted.
fn say(text: &str) -> Result<(), String> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("the output cannot be written: {error}")),
        _ => Ok(()),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("guarded-callback-find: {message}");
    ExitCode::from(FAILED)
}
