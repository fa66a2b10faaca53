//! Whether what is changed can be taken back: a git tree without other changes.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fails when one of the files is in no git tree, or in one with changes that are not committed.
pub(crate) fn check(files: &[&Path], allow_dirty: bool, allow_no_vcs: bool) -> Result<(), String> {
    let mut trees = BTreeSet::new();
    for file in files {
        match tree(file) {
            Some(tree) => drop(trees.insert(tree)),
            None if allow_no_vcs => {}
            None => return Err(no_tree(file)),
        }
    }
    if allow_dirty { Ok(()) } else { trees.iter().try_for_each(|tree| is_clean(tree)) }
}

fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn no_tree(file: &Path) -> String {
    format!(
        "{}: is in no git tree, or ignored there, so a change could not be taken back; nothing was \
         written. `--dry-run` shows the changes, `--allow-no-vcs` writes them",
        file.display()
    )
}

fn git(folder: &Path, arguments: &[&OsStr]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The top of the tree that tracks `file`; a file that the tree ignores is in none.
fn tree(file: &Path) -> Option<PathBuf> {
    let (folder, name) = (folder(file), file.file_name()?);
    let top = git(&folder, &["rev-parse", "--show-toplevel"].map(OsStr::new))?;
    let question = ["check-ignore", "--quiet", "--"].map(OsStr::new);
    let is_ignored = git(&folder, &[&question[..], &[name]].concat()).is_some();
    (!is_ignored).then(|| PathBuf::from(top.trim_end_matches(['\n', '\r'])))
}

fn is_clean(tree: &Path) -> Result<(), String> {
    let status = git(tree, &["status", "--porcelain", "--untracked-files=normal"].map(OsStr::new))
        .ok_or_else(|| format!("{}: git cannot tell its status", tree.display()))?;
    if status.is_empty() {
        return Ok(());
    }
    let shown: String = status.lines().take(5).map(|line| format!("\n  {line}")).collect();
    Err(format!(
        "{}: has changes that are not committed; nothing was written. Commit or stash them; \
         `--dry-run` shows what `fix` would do, `--allow-dirty` does it all the same:{shown}",
        tree.display()
    ))
}
