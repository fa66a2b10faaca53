//! `check`: the functions of a source tree.

use std::path::PathBuf;

use guarded_callback_find::{Function, Hidden, Report, State, find_in};
use serde_json::{Value, json};

use crate::command::FAILED;
use crate::command::arguments::{Check, Format};
use crate::command::output::{counted, say, say_json, warn};
use crate::command::sarif::{self, Finding};

/// The exit status.
pub(crate) fn run(check: &Check) -> Result<u8, String> {
    let report = look(&check.paths)?;
    match check.format {
        Format::Human => say(&list(&report, check.all))?,
        Format::Json => say_json(&to_json(&report, check.all))?,
        Format::Sarif => say_json(&sarif::log(&findings(&report)))?,
    }
    let is_lacking = report.lacking().next().is_some();
    Ok(if report.unreadable.is_empty() { u8::from(is_lacking) } else { FAILED })
}

/// The report, and a line for each file that could not be read.
pub(crate) fn look(paths: &[PathBuf]) -> Result<Report, String> {
    let report = find_in(paths).map_err(|error| error.to_string())?;
    report.unreadable.iter().for_each(warn);
    Ok(report)
}

/// The lines for a reader.
pub(crate) fn list(report: &Report, all: bool) -> String {
    let functions = listed(report, all).map(|function| format!("{function}\n"));
    let hidden = report.hidden.iter().map(|hidden| format!("{hidden}\n"));
    functions.chain(hidden).chain([totals(report)]).collect()
}

fn listed(report: &Report, all: bool) -> impl Iterator<Item = &Function> {
    let is_listed = move |state| all || !matches!(state, State::Guarded | State::Skipped);
    report.functions.iter().filter(move |function| is_listed(function.state))
}

fn count(report: &Report, word: &str) -> usize {
    report.functions.iter().filter(|function| function.state.word() == word).count()
}

fn totals(report: &Report) -> String {
    let count = |word| count(report, word);
    format!(
        "{} in {}: {} guarded, {} without the attribute, {} cannot have it, {} must not, \
         {} skipped; {} more in macros\n",
        counted(report.functions.len(), "extern function"),
        counted(report.files, "file"),
        count("guarded"),
        count("lacking"),
        count("cannot"),
        count("must-not"),
        count("skipped"),
        report.hidden.len(),
    )
}

fn reason(state: State) -> Option<&'static str> {
    match state {
        State::Cannot(reason) | State::MustNot(reason) => Some(reason),
        _ => None,
    }
}

fn to_json(report: &Report, all: bool) -> Value {
    json!({
        "version": 1,
        "files": report.files,
        "functions": listed(report, all).map(function_to_json).collect::<Vec<_>>(),
        "hidden": report.hidden.iter().map(hidden_to_json).collect::<Vec<_>>(),
        "unreadable": report.unreadable.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn function_to_json(function: &Function) -> Value {
    json!({
        "file": function.file.to_string_lossy(),
        "line": function.line,
        "column": function.column,
        "name": function.name,
        "state": function.state.word(),
        "reason": reason(function.state),
    })
}

fn hidden_to_json(hidden: &Hidden) -> Value {
    json!({
        "file": hidden.file.to_string_lossy(),
        "line": hidden.line,
        "column": hidden.column,
        "within": hidden.within,
    })
}

fn findings(report: &Report) -> Vec<Finding<'_>> {
    let functions = listed(report, false).map(|function| Finding {
        rule: function.state.word(),
        level: if function.state == State::Lacking { "warning" } else { "note" },
        message: format!("`{}` {}", function.name, function.state),
        file: &function.file,
        place: Some((function.line, function.column)),
    });
    let hidden = report.hidden.iter().map(|hidden| Finding {
        rule: "hidden",
        level: "note",
        message: hidden.message(),
        file: &hidden.file,
        place: Some((hidden.line, hidden.column)),
    });
    functions.chain(hidden).collect()
}
