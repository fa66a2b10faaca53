//! Functions inside of macros: seen as tokens, not as functions.

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::report::{Hidden, Report};

/// Notes each `extern … fn … { … }` in the tokens of a macro.
pub(crate) fn within(file: &Path, within: &str, tokens: TokenStream, report: &mut Report) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word)
                if *word == "extern" && begins_function(&tokens[index + 1..]) =>
            {
                let (at, within) = (word.span().start(), within.to_owned());
                let (line, column) = (at.line, at.column + 1);
                report.hidden.push(Hidden { file: file.to_owned(), line, column, within });
            }
            TokenTree::Group(group) => self::within(file, within, group.stream(), report),
            _ => {}
        }
    }
}

/// Whether what follows `extern` is a function with a body: `"C" fn name(..) -> T { .. }`, where
/// ABI, name, parameters and body may be variables of a macro.
fn begins_function(after: &[TokenTree]) -> bool {
    let abi = match after {
        [TokenTree::Literal(abi), ..] if abi.to_string() == "\"Rust\"" => return false,
        [TokenTree::Literal(_), ..] => 1,
        [sign, TokenTree::Ident(_), ..] if is_sign(sign) => 2,
        // `$($abi)?`
        [sign, TokenTree::Group(_), _, ..] if is_sign(sign) => 3,
        _ => 0,
    };
    let [TokenTree::Ident(keyword), name @ ..] = &after[abi..] else { return false };
    *keyword == "fn"
        && match name {
            // A function pointer type has no name between `fn` and its parameters.
            [TokenTree::Ident(_), rest @ ..] => ends_in_body(rest),
            [sign, TokenTree::Ident(_), rest @ ..] if is_sign(sign) => ends_in_body(rest),
            // `fn [<on_ $name>]()`, as the crate `paste` has it.
            [name, rest @ ..] if is_group(name, Delimiter::Bracket) => ends_in_body(rest),
            _ => false,
        }
}

/// Whether a body comes before a semicolon.
fn ends_in_body(rest: &[TokenTree]) -> bool {
    let end = (0..rest.len()).find_map(|at| match &rest[at] {
        brace if is_group(brace, Delimiter::Brace) => Some(true),
        TokenTree::Punct(punct) if punct.as_char() == ';' => Some(false),
        sign if is_sign(sign) && is_variable_for_a_body(&rest[at + 1..]) => Some(true),
        _ => None,
    });
    end.unwrap_or(false)
}

/// Whether the name after a sign is followed by nothing that shows it to be a type, a pattern's
/// variable or half of a path.
fn is_variable_for_a_body(after: &[TokenTree]) -> bool {
    let is_name = matches!(after.first(), Some(TokenTree::Ident(_)));
    is_name
        && match after.get(1) {
            Some(punct @ TokenTree::Punct(_)) => is_sign(punct),
            Some(TokenTree::Group(_)) => false,
            Some(TokenTree::Ident(word)) => *word != "where",
            Some(TokenTree::Literal(_)) => false,
            None => true,
        }
}

/// What a variable begins with: `$` in `macro_rules!`, `#` in `quote!`.
fn is_sign(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), '$' | '#'))
}

pub(crate) fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}
