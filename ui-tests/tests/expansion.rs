//! What the attribute makes of a few callbacks, as text to read. `UPDATE_EXPANSIONS=1 cargo test -p ui-tests --test expansion` writes
//! the texts anew.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io::Write as _};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use ui_tests::guarded_callback;

/// The function in `source` behind its attribute, expanded and formatted.
fn expanded(source: &str) -> String {
    let tokens: TokenStream = source.parse().expect("the case is Rust");
    let mut tokens = tokens.into_iter();
    let attribute = tokens.by_ref().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some(group.stream()),
        _ => None,
    });
    let attribute = attribute.expect("a case starts with the attribute").into_iter().last();
    let options = match attribute {
        Some(TokenTree::Group(group)) => group.stream(),
        _ => TokenStream::new(),
    };
    formatted(&guarded_callback(options, tokens.collect()).to_string())
}

fn formatted(source: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=120"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rustfmt comes with every toolchain");
    rustfmt.stdin.take().expect("piped").write_all(source.as_bytes()).expect("rustfmt reads");
    let output = rustfmt.wait_with_output().expect("rustfmt ends");
    assert!(output.status.success(), "the expansion is not Rust: {source}");
    String::from_utf8(output.stdout).expect("rustfmt writes UTF-8")
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansion");
    let files = fs::read_dir(folder).expect("the folder of cases").map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

#[test]
fn expansions_are_those_that_were_read_and_accepted() {
    let cases = cases();
    assert!(cases.len() >= 5);
    for case in cases {
        let text = expanded(&fs::read_to_string(&case).expect("the case"));
        let golden = case.with_extension("txt");
        if env::var_os("UPDATE_EXPANSIONS").is_some() {
            fs::write(&golden, &text).expect("the golden file");
        }
        assert_eq!(text, fs::read_to_string(&golden).unwrap_or_default(), "{}", golden.display());
    }
}
