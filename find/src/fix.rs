//! Writing the attribute into a file.

use std::path::Path;
use std::{fs, process};

use crate::{Error, Function, Report, State, deep, scan};

/// Inserts `#[attribute]` in front of each function of `report` that lacks it, and returns how many those were.
///
/// `attribute` is what stands between the brackets, such as `guarded_callback::guarded_callback(stack = "1 MiB")`. A file is written
/// whole or not at all, and only when it is still Rust afterwards.
///
/// # Errors
/// When `attribute` is none, or a file cannot be read or written, or has changed since it was looked at.
///
/// ```
/// # let directory = std::env::temp_dir().join("guarded-callback-find-fix-doc");
/// # std::fs::create_dir_all(&directory)?;
/// # std::fs::write(directory.join("lib.rs"), "extern \"C\" fn on_row() {}")?;
/// let report = guarded_callback_find::find(&directory)?;
/// assert_eq!(guarded_callback_find::fix(&report, "guarded_callback::guarded_callback")?, 1);
/// # assert!(std::fs::read_to_string(directory.join("lib.rs"))?.starts_with("#[guarded_callback::guarded_callback]\nextern"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fix(report: &Report, attribute: &str) -> Result<usize, Error> {
    if syn::parse_str::<syn::Meta>(attribute).is_err() {
        return Err(Error::Attribute(attribute.to_owned()));
    }
    deep::with_room(|| {
        let mut fixed = 0;
        for functions in report.functions.chunk_by(|a, b| a.file == b.file) {
            let lacking: Vec<_> = lacking(functions);
            if let Some(first) = lacking.first() {
                fix_file(&first.file, &lacking, attribute)?;
                fixed += lacking.len();
            }
        }
        Ok(fixed)
    })
}

fn lacking(functions: &[Function]) -> Vec<&Function> {
    functions.iter().filter(|function| function.state == State::Lacking).collect()
}

fn fix_file(file: &Path, functions: &[&Function], attribute: &str) -> Result<(), Error> {
    let io = |error| Error::Io(file.to_owned(), error);
    let text = fs::read_to_string(file).map_err(io)?;
    let mut now = Report::default();
    scan::source(file, &text, &mut now)?;
    if lacking(&now.functions) != functions {
        return Err(Error::Changed(file.to_owned()));
    }
    let mut places: Vec<_> = functions.iter().map(|function| function.place).collect();
    places.sort_unstable();
    let text = insert(&text, &places, attribute);
    // Read again before anything is lost.
    scan::source(file, &text, &mut Report::default())?;
    replace(file, &text).map_err(io)
}

/// Writes beside the file first, so that the file is whole at every moment; a link stays one, and the permissions stay.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let file = fs::canonicalize(file)?;
    let permissions = fs::metadata(&file)?.permissions();
    let beside = file.with_extension(format!("rs.{}", process::id()));
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, permissions))
        .and_then(|()| fs::rename(&beside, &file));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

/// The text with the attribute at each of the places, which are in order: on a line of its own where nothing but blanks stands before.
fn insert(text: &str, places: &[(usize, usize)], attribute: &str) -> String {
    let mut output = String::with_capacity(text.len() + places.len() * 64);
    let mut places = places.iter().peekable();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        // proc-macro2 does not count a byte order mark.
        let mark = if index == 0 && line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut written = 0;
        while let Some((_, column)) = places.next_if(|(number, _)| *number == index + 1) {
            let at = mark + line[mark..].char_indices().nth(*column).map_or(line.len() - mark, |(at, _)| at);
            output.push_str(&line[written..at]);
            output.push_str(&format!("#[{attribute}]{}", separator(&line[mark..at], line)));
            written = at;
        }
        output.push_str(&line[written..]);
    }
    output
}

/// What comes between the attribute and the function.
fn separator(before: &str, line: &str) -> String {
    if !before.chars().all(char::is_whitespace) {
        return " ".to_owned();
    }
    let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
    format!("{end}{before}")
}

#[cfg(test)]
mod tests {
    use super::insert;

    #[test]
    fn the_attribute_gets_a_line_of_its_own_with_the_indentation_of_the_function() {
        assert_eq!(insert("    extern fn f() {}\n", &[(1, 4)], "g"), "    #[g]\n    extern fn f() {}\n");
        assert_eq!(insert("\textern fn f() {}\r\n", &[(1, 1)], "g"), "\t#[g]\r\n\textern fn f() {}\r\n");
    }

    #[test]
    fn behind_other_code_it_stays_on_the_line() {
        let line = "mod a { extern fn f() {} extern fn g() {} }";
        assert_eq!(insert(line, &[(1, 8), (1, 25)], "g"), "mod a { #[g] extern fn f() {} #[g] extern fn g() {} }");
    }

    #[test]
    fn columns_count_characters_and_not_bytes() {
        assert_eq!(insert("/* ä */ extern fn f() {}", &[(1, 8)], "g"), "/* ä */ #[g] extern fn f() {}");
        assert_eq!(insert("\u{feff}extern fn f() {}", &[(1, 0)], "g"), "\u{feff}#[g]\nextern fn f() {}");
    }
}
