//! Functions inside of macros: seen as tokens, not as functions.

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::{Hidden, Report};

/// Notes each `extern … fn … { … }` in the tokens of a macro.
pub(crate) fn within(file: &Path, within: &str, tokens: TokenStream, report: &mut Report) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if *word == "extern" && begins_function(&tokens[index + 1..]) => {
                let line = word.span().start().line;
                report.hidden.push(Hidden { file: file.to_owned(), line, within: within.to_owned() });
            }
            TokenTree::Group(group) => self::within(file, within, group.stream(), report),
            _ => {}
        }
    }
}

/// Whether what follows `extern` is a function with a body: `"C" fn name(..) -> T { .. }`, with anything for the ABI and the name, such as
/// the variables of a macro.
fn begins_function(after: &[TokenTree]) -> bool {
    let Some(keyword) = after.iter().take(4).position(|token| matches!(token, TokenTree::Ident(word) if *word == "fn"))
    else {
        return false;
    };
    let mut rest = after[keyword + 1..].iter();
    // A function pointer type has no name between `fn` and its parameters.
    if matches!(after.get(keyword + 1), Some(TokenTree::Group(_)) | None) {
        return false;
    }
    rest.find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(true),
        TokenTree::Punct(punct) if punct.as_char() == ';' => Some(false),
        _ => None,
    })
    .unwrap_or(false)
}
