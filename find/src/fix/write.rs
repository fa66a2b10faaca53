//! One file, replaced as a whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process;

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
/// the permissions stay. A file that is read-only was not meant to be written.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let file = fs::canonicalize(file)?;
    let permissions = fs::metadata(&file)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "is read-only"));
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", process::id()));
    let beside = file.with_file_name(name);
    let mut new = File::create_new(&beside)?;
    let written = new
        .write_all(text.as_bytes())
        .and_then(|()| new.set_permissions(permissions))
        .and_then(|()| fs::rename(&beside, &file));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}
