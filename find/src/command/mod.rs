//! The command: what was asked for, and what is said.

mod arguments;
mod check;
mod dependency;
mod fix;
mod git;
mod inspect;
mod manifest;
mod output;
mod sarif;

use std::process::ExitCode;

use clap::Parser;

use crate::command::arguments::{Arguments, Command};

/// The exit status when something went wrong.
const FAILED: u8 = 2;

pub(crate) fn main() -> ExitCode {
    run(Arguments::parse_from(arguments())).map_or_else(
        |message| {
            eprintln!("cargo-guarded-callback: {message}");
            ExitCode::from(FAILED)
        },
        ExitCode::from,
    )
}

/// The arguments; cargo puts the subcommand's name in front of the user's.
fn arguments() -> impl Iterator<Item = std::ffi::OsString> {
    let mut arguments = std::env::args_os();
    let program = arguments.next();
    let mut rest = arguments.peekable();
    rest.next_if(|first| first == "guarded-callback");
    program.into_iter().chain(rest)
}

/// The exit status, or why there is none to tell.
fn run(arguments: Arguments) -> Result<u8, String> {
    match arguments.command {
        None => check::run(&arguments.check),
        Some(Command::Check(check)) => check::run(&check),
        Some(Command::Fix(fix)) => fix::run(&fix),
        Some(Command::Binary(binary)) => inspect::run(&binary),
    }
}
