//! Attributes put into a text.

/// One attribute: its text, and where it goes: line from 1, column from 0 in characters.
pub(crate) struct Insertion {
    pub(crate) place: (usize, usize),
    pub(crate) attribute: String,
}

/// The text with the insertions, which are in order of their places: each on a line of its own
/// where nothing but blanks stands before.
pub(crate) fn insert(text: &str, insertions: &[Insertion]) -> String {
    let mut output = String::with_capacity(text.len() + insertions.len() * 64);
    let mut insertions = insertions.iter().peekable();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        // proc-macro2 does not count a byte order mark.
        let mark =
            if index == 0 && line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut written = 0;
        while let Some(one) = insertions.next_if(|one| one.place.0 == index + 1) {
            let at = mark + offset(&line[mark..], one.place.1);
            output.push_str(&line[written..at]);
            output.push_str(&format!("#[{}]{}", one.attribute, separator(&line[mark..at], line)));
            written = at;
        }
        output.push_str(&line[written..]);
    }
    output
}

/// The byte at which the character of this number begins.
fn offset(line: &str, column: usize) -> usize {
    line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
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
    use super::{Insertion, insert};

    fn insert_g(text: &str, places: &[(usize, usize)]) -> String {
        let one = |&place| Insertion { place, attribute: "g".to_owned() };
        insert(text, &places.iter().map(one).collect::<Vec<_>>())
    }

    #[test]
    fn the_attribute_gets_a_line_of_its_own_with_the_indentation_of_the_function() {
        assert_eq!(
            insert_g("    extern fn f() {}\n", &[(1, 4)]),
            "    #[g]\n    extern fn f() {}\n"
        );
        assert_eq!(
            insert_g("\textern fn f() {}\r\n", &[(1, 1)]),
            "\t#[g]\r\n\textern fn f() {}\r\n"
        );
    }

    #[test]
    fn behind_other_code_it_stays_on_the_line() {
        let line = "mod a { extern fn f() {} extern fn g() {} }";
        assert_eq!(
            insert_g(line, &[(1, 8), (1, 25)]),
            "mod a { #[g] extern fn f() {} #[g] extern fn g() {} }"
        );
    }

    #[test]
    fn columns_count_characters_and_not_bytes() {
        assert_eq!(
            insert_g("/* ä */ extern fn f() {}", &[(1, 8)]),
            "/* ä */ #[g] extern fn f() {}"
        );
        assert_eq!(
            insert_g("\u{feff}extern fn f() {}", &[(1, 0)]),
            "\u{feff}#[g]\nextern fn f() {}"
        );
    }
}
