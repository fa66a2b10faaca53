//! The ABI of a function, read from the source that its debug information names: a binary itself
//! does not tell it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The beginning of a function, up to its name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    /// `None` where a macro's variable stands.
    name: Option<String>,
    first_line: usize,
    last_line: usize,
    /// `None` where a macro may have made it so.
    is_extern: Option<bool>,
}

/// Attributes that leave a function what it is.
const BUILT_IN: [&str; 29] = [
    "allow",
    "automatically_derived",
    "bench",
    "cfg",
    "cfg_attr",
    "clippy",
    "cold",
    "deny",
    "deprecated",
    "diagnostic",
    "doc",
    "expect",
    "export_name",
    "forbid",
    "guarded_callback",
    "ignore",
    "inline",
    "link_section",
    "must_use",
    "naked",
    "no_mangle",
    "rustfmt",
    "should_panic",
    "target_feature",
    "test",
    "track_caller",
    "unsafe",
    "used",
    "warn",
];

/// The sources that were read so far; `None` for one that could not be.
#[derive(Default)]
pub(crate) struct Sources(RefCell<HashMap<PathBuf, Option<Vec<Header>>>>);

impl Sources {
    /// Whether the function of this name that begins on this line is `extern`; `None` where the
    /// source does not show it.
    pub(crate) fn is_extern(&self, file: &Path, line: usize, name: &str) -> Option<bool> {
        self.with(file, |headers| {
            let here = |header: &&Header| (header.first_line..=header.last_line).contains(&line);
            let named = |header: &&Header| header.name.as_deref() == Some(name);
            let unnamed = |header: &&Header| header.name.is_none();
            let mut all = headers.iter().filter(here);
            let found = all.clone().find(named).or_else(|| all.find(unnamed));
            found.and_then(|header| header.is_extern)
        })
    }

    /// Whether functions of this name in the file are `extern`: all of them, or none.
    pub(crate) fn is_extern_by_name(&self, file: &Path, name: &str) -> Option<bool> {
        self.with(file, |headers| {
            let mut named = headers.iter().filter(|header| header.name.as_deref() == Some(name));
            let first = named.next()?.is_extern;
            named.all(|header| header.is_extern == first).then_some(first)?
        })
    }

    pub(crate) fn is_readable(&self, file: &Path) -> bool {
        self.with(file, |_| Some(())).is_some()
    }

    fn with<T>(&self, file: &Path, look: impl FnOnce(&[Header]) -> Option<T>) -> Option<T> {
        let mut sources = self.0.borrow_mut();
        let headers = sources.entry(file.to_owned()).or_insert_with(|| read(file));
        headers.as_deref().and_then(look)
    }
}

fn read(file: &Path) -> Option<Vec<Header>> {
    let tokens = fs::read_to_string(file).ok()?.parse().ok()?;
    let mut headers = Vec::new();
    collect(tokens, false, &mut headers);
    Some(headers)
}

/// `in_macro`: the tokens are handed to a macro, which may write others.
fn collect(tokens: TokenStream, in_macro: bool, headers: &mut Vec<Header>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if *word == "fn" => {
                headers.extend(header(&tokens, index, in_macro));
            }
            TokenTree::Group(group) => {
                let in_macro = in_macro || is_macro_call(&tokens[..index]);
                collect(group.stream(), in_macro, headers);
            }
            _ => {}
        }
    }
}

/// Whether what stands before a group makes it the tokens for a macro: `name!` or `name! name`.
/// The rules of `macro_rules! name` are what they are.
fn is_macro_call(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(rules), _, TokenTree::Ident(_)] if *rules == "macro_rules" => false,
        [.., TokenTree::Ident(_), mark] => is_punct(mark, '!'),
        _ => false,
    }
}

/// The header around the `fn` at `index`; a type such as `fn()` has no name.
fn header(tokens: &[TokenTree], index: usize, in_macro: bool) -> Option<Header> {
    let (name, last) = match tokens.get(index + 1..)? {
        [TokenTree::Ident(name), ..] => (Some(name.to_string()), name.span()),
        [dollar, TokenTree::Ident(name), ..] if is_dollar(dollar) => (None, name.span()),
        // `fn [<on_ $name>]()`, as the crate `paste` has it.
        [TokenTree::Group(group), TokenTree::Group(parameters), ..]
            if group.delimiter() == Delimiter::Bracket
                && parameters.delimiter() == Delimiter::Parenthesis =>
        {
            (None, group.span())
        }
        _ => return None,
    };
    let name = name.map(|name| name.trim_start_matches("r#").to_owned());
    let first = (0..index).rev().take_while(|at| is_qualifier(tokens, *at)).last().unwrap_or(index);
    Some(Header {
        name,
        first_line: tokens[first].span().start().line,
        last_line: last.end().line,
        is_extern: is_extern(&tokens[first..index], in_macro || is_rewritten(&tokens[..first])),
    })
}

/// Whether one of the attributes that end here may be a macro.
fn is_rewritten(before: &[TokenTree]) -> bool {
    let [rest @ .., hash, TokenTree::Group(attribute)] = before else { return false };
    if !is_punct(hash, '#') || attribute.delimiter() != Delimiter::Bracket {
        return false;
    }
    let name = attribute.stream().into_iter().next().map(|name| name.to_string());
    !BUILT_IN.contains(&name.as_deref().unwrap_or_default()) || is_rewritten(rest)
}

fn is_qualifier(tokens: &[TokenTree], at: usize) -> bool {
    const WORDS: [&str; 8] =
        ["pub", "extern", "unsafe", "safe", "const", "async", "default", "crate"];
    match &tokens[at] {
        TokenTree::Ident(word) => {
            let is_variable = at > 0 && is_dollar(&tokens[at - 1]);
            is_variable || WORDS.contains(&word.to_string().as_str())
        }
        TokenTree::Literal(literal) => literal.to_string().contains('"'),
        // `pub(crate)`
        TokenTree::Group(group) => {
            let before = at.checked_sub(1).map(|before| tokens[before].to_string());
            group.delimiter() == Delimiter::Parenthesis && before.as_deref() == Some("pub")
        }
        token => is_dollar(token),
    }
}

fn is_extern(qualifiers: &[TokenTree], may_change: bool) -> Option<bool> {
    let word = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if *word == "extern");
    let Some(at) = qualifiers.iter().position(word) else {
        return (!may_change).then_some(false);
    };
    let abi = qualifiers.get(at + 1).map(ToString::to_string);
    Some(abi.as_deref() != Some("\"Rust\""))
}

fn is_dollar(token: &TokenTree) -> bool {
    is_punct(token, '$')
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

#[cfg(test)]
mod tests {
    use super::{Header, collect};

    fn headers(source: &str) -> Vec<Header> {
        let mut headers = Vec::new();
        collect(source.parse().unwrap(), false, &mut headers);
        headers
    }

    #[test]
    fn headers_are_read_in_functions_and_in_macros() {
        let source = "#[inline]\npub(crate)\nunsafe extern \"C\"\nfn a() { fn b() {} }\n\
                      macro_rules! m { ($v:vis $n:ident) => { $v extern \"C\" fn $n() {} } }\n\
                      extern \"Rust\" fn c(f: extern \"C\" fn()) {}\n\
                      #[inline] #[made] fn d() {}\nmade! { fn e() {} }\n#[inline] fn f() {}\n";
        let one = |name: Option<&str>, first_line, last_line, is_extern: Option<bool>| Header {
            name: name.map(str::to_owned),
            first_line,
            last_line,
            is_extern,
        };
        let expected = [
            one(Some("a"), 2, 4, Some(true)),
            one(Some("b"), 4, 4, Some(false)),
            one(None, 5, 5, Some(true)),
            one(Some("c"), 6, 6, Some(false)),
            one(Some("d"), 7, 7, None),
            one(Some("e"), 8, 8, None),
            one(Some("f"), 9, 9, Some(false)),
        ];
        assert_eq!(headers(source), expected);
    }
}
