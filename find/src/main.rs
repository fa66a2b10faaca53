//! The command: `cargo guarded-callback [check|fix|binary]`.

mod binary;
mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::main()
}
