//! The files to look at.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The files of all paths, each once, in the order of the paths; folders below them that cannot be
/// read are `unreadable`.
pub(crate) fn rust_files_of(
    paths: &[impl AsRef<Path>],
    unreadable: &mut Vec<Error>,
) -> Result<Vec<PathBuf>, Error> {
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for path in paths {
        let found = rust_files(path.as_ref(), unreadable)?;
        // What cannot be resolved cannot be read either, which is told when it is read.
        files.extend(
            found.into_iter().filter(|file| {
                seen.insert(fs::canonicalize(file).unwrap_or_else(|_| file.clone()))
            }),
        );
    }
    Ok(files)
}

/// `path` itself when it is a file; otherwise all `.rs` files below it, sorted, without Cargo's
/// output, vendored packages, hidden folders and symbolic links.
fn rust_files(path: &Path, unreadable: &mut Vec<Error>) -> Result<Vec<PathBuf>, Error> {
    let io = |error| Error::Io(path.to_owned(), error);
    if fs::metadata(path).map_err(io)?.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    below(path, &mut files, unreadable)?;
    files.sort();
    let is_empty = files.is_empty() && unreadable.is_empty();
    if is_empty { Err(Error::Empty(path.to_owned())) } else { Ok(files) }
}

fn below(
    folder: &Path,
    files: &mut Vec<PathBuf>,
    unreadable: &mut Vec<Error>,
) -> Result<(), Error> {
    let io = |error| Error::Io(folder.to_owned(), error);
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let kind = entry.file_type().map_err(io)?;
        let path = entry.path();
        if kind.is_dir() && is_source_folder(&path) {
            let error = below(&path, files, unreadable).err();
            unreadable.extend(error);
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Files that mark a folder as Cargo's output, whatever it is called, or as a vendored package,
/// whose checksum a change would break. A folder that Cargo did not make itself lacks the tag.
const MARKS: [&str; 3] = ["CACHEDIR.TAG", ".rustc_info.json", ".cargo-checksum.json"];

fn is_source_folder(path: &Path) -> bool {
    let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && !MARKS.iter().any(|mark| path.join(mark).exists())
}
