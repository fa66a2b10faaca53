//! Standard output.

use std::io::{self, ErrorKind, Write};

/// Prints; a reader that has gone, such as `head`, has read what it wanted.
pub(crate) fn say(text: &str) -> Result<(), String> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("the output cannot be written: {error}"))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON value.
pub(crate) fn say_json(value: &serde_json::Value) -> Result<(), String> {
    say(&format!("{value:#}\n"))
}

/// Prints what could not be looked at.
pub(crate) fn warn(message: impl std::fmt::Display) {
    eprintln!("cargo-guarded-callback: {message}");
}

/// `1 file`, `2 files`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
