//! One file, replaced as a whole.

use std::path::Path;
use std::{fs, io, process};

use crate::error::Error;

/// Writes `after` where `before` still stands.
pub(crate) fn replace(file: &Path, before: &str, after: &str) -> Result<(), Error> {
    let io = |error| Error::Io(file.to_owned(), error);
    if fs::read_to_string(file).map_err(io)? != before {
        return Err(Error::Changed(file.to_owned()));
    }
    write(file, after).map_err(io)
}

/// Writes beside the file first, so that the file is whole at every moment; a link stays one, and
/// the permissions stay.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let file = fs::canonicalize(file)?;
    let permissions = fs::metadata(&file)?.permissions();
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", process::id()));
    let beside = file.with_file_name(name);
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, permissions))
        .and_then(|()| fs::rename(&beside, &file));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}
