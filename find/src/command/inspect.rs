//! `binary`: the functions of built programs and libraries.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::binary::{self, Function, Inspection, Reach, State};
use crate::command::FAILED;
use crate::command::arguments::{Binary, Format};
use crate::command::output::{counted, say, say_json, warn};
use crate::command::sarif::{self, Finding};

/// The exit status.
pub(crate) fn run(binary: &Binary) -> Result<u8, String> {
    let mut inspected = Vec::new();
    for file in &binary.files {
        match binary::inspect(file) {
            Ok(inspection) => inspected.push((file.clone(), inspection)),
            Err(message) => warn(format!("{}: {message}", file.display())),
        }
    }
    for (file, inspection) in &inspected {
        inspection.notes.iter().for_each(|note| warn(format!("{}: {note}", file.display())));
    }
    print(&inspected, binary)?;
    let mut functions = inspected.iter().flat_map(|(_, it)| &it.functions);
    let is_lacking = functions.any(|function| function.state == State::Lacking);
    Ok(if inspected.len() == binary.files.len() { u8::from(is_lacking) } else { FAILED })
}

fn print(inspected: &[(PathBuf, Inspection)], binary: &Binary) -> Result<(), String> {
    match binary.format {
        Format::Human => {
            inspected.iter().try_for_each(|(file, it)| say(&list(file, it, binary.all)))
        }
        Format::Json => {
            let files = inspected.iter().map(|(file, it)| to_json(file, it, binary.all));
            say_json(&json!({ "version": 1, "binaries": files.collect::<Vec<_>>() }))
        }
        Format::Sarif => {
            let all = inspected.iter().flat_map(|(file, it)| findings(file, it));
            say_json(&sarif::log(&all.collect::<Vec<_>>()))
        }
    }
}

fn listed(inspection: &Inspection, all: bool) -> impl Iterator<Item = &Function> {
    let is_listed = move |function: &&Function| all || function.state != State::Guarded;
    inspection.functions.iter().filter(is_listed)
}

fn list(file: &Path, inspection: &Inspection, all: bool) -> String {
    let lines = listed(inspection, all).map(|function| format!("{}\n", line(file, function)));
    lines.chain([totals(file, inspection)]).collect()
}

fn line(file: &Path, function: &Function) -> String {
    let place = match &function.origin {
        Some((source, line)) => format!("{}:{line}", source.display()),
        None => format!("{}: {:#x}", file.display(), function.address),
    };
    format!("{place}: {}", message(function))
}

fn message(function: &Function) -> String {
    let reach = match function.reach {
        Reach::Exported => "exported",
        Reach::AddressTaken => "its address is taken",
    };
    let state = match function.state {
        State::Guarded => "has a shim".to_owned(),
        State::Lacking => "has no shim".to_owned(),
        State::MustNot(reason) => format!("must not have a shim: {reason}"),
        State::Unknown => "has no shim; whether it is `extern` is not known".to_owned(),
    };
    format!("`{}` {state} ({reach})", function.name)
}

fn totals(file: &Path, inspection: &Inspection) -> String {
    let of = |word| inspection.functions.iter().filter(|it| it.state.word() == word).count();
    format!(
        "{}: {}: {} guarded, {} without a shim, {} must not have one; \
         {} more whose ABI is not known\n",
        file.display(),
        counted(inspection.functions.len() - of("unknown"), "extern function"),
        of("guarded"),
        of("lacking"),
        of("must-not"),
        of("unknown"),
    )
}

fn to_json(file: &Path, inspection: &Inspection, all: bool) -> Value {
    let function = |function: &Function| {
        json!({
            "name": function.name,
            "symbol": function.symbol,
            "address": format!("{:#x}", function.address),
            "state": function.state.word(),
            "exported": function.reach == Reach::Exported,
            "file": function.origin.as_ref().map(|(file, _)| file.to_string_lossy()),
            "line": function.origin.as_ref().map(|(_, line)| line),
        })
    };
    json!({
        "binary": file.to_string_lossy(),
        "functions": listed(inspection, all).map(function).collect::<Vec<_>>(),
        "notes": inspection.notes,
    })
}

fn findings<'a>(file: &'a Path, inspection: &'a Inspection) -> Vec<Finding<'a>> {
    let one = |function: &'a Function| Finding {
        rule: if function.state == State::Unknown { "hidden" } else { function.state.word() },
        level: if function.state == State::Lacking { "warning" } else { "note" },
        message: message(function),
        file: function.origin.as_ref().map_or(file, |(source, _)| source.as_path()),
        place: function.origin.as_ref().map(|(_, line)| (*line, 1)),
    };
    listed(inspection, false).map(one).collect()
}
