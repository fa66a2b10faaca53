//! What the attribute makes of a few callbacks, as text to read. `UPDATE_EXPANSIONS=1 cargo test -p
//! ui-tests --test expansion` writes the texts anew.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io::Write as _};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
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
    let output = guarded_callback(options, tokens.collect());
    let clippys = chosen(output.clone(), 2);
    let text = formatted(&chosen(output, 1).to_string());
    if clippys.to_string().is_empty() {
        text
    } else {
        format!("{text}\n{CLIPPY}\n{}", formatted(&clippys.to_string()))
    }
}

const CLIPPY: &str = "// For clippy and rustdoc:";

/// The tokens with the arguments of `choose!` at `which` in place of the call. Of the one for
/// clippy only what is inside of a call is left.
fn chosen(tokens: TokenStream, which: usize) -> TokenStream {
    let mut output: Vec<TokenTree> = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) if calls_choose(&output) => {
                output.truncate(output.len() - PATH_TO_CHOOSE.min(output.len()));
                while output.last().is_some_and(is_of_path) {
                    output.pop();
                }
                if let Some(TokenTree::Group(argument)) = group.stream().into_iter().nth(which) {
                    output.extend(argument.stream());
                }
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), chosen(group.stream(), which));
                inside.set_span(group.span());
                output.push(inside.into());
            }
            token => output.push(token),
        }
    }
    output.into_iter().collect()
}

/// `choose` and `!`.
const PATH_TO_CHOOSE: usize = 2;

fn calls_choose(before: &[TokenTree]) -> bool {
    let [.., name, _] = before else { return false };
    matches!(name, TokenTree::Ident(name) if name == "choose")
}

fn is_of_path(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    }
}

/// The most lines that a usual function may have more.
const LINES: usize = 25;

#[test]
fn expansion_of_a_usual_function_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansion");
    for case in ["small", "pointer", "arguments"] {
        let text =
            fs::read_to_string(folder.join(case).with_extension("txt")).expect("a golden text");
        assert!(text.lines().count() <= LINES, "{case} has {} lines", text.lines().count());
    }
}

fn formatted(source: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=100"])
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
    let files = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path());
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
