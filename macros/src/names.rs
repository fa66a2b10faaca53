//! Whether a function may mention what only an `impl` block, or a trait, around it brings in: `Self`, type and constant parameters, lifetimes.
//! An item inside of the function does not see those (E0401).
//!
//! An attribute on a function sees that function alone, so its tokens must tell: what is written in lower case, what follows a `::` or a
//! `.`, and what is called, is none of those. An `impl` whose parameters are in lower case, against the lint, must carry the attribute itself.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tokens::{is_group, is_punct};

/// What may be around a function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// A module.
    Nothing,
    /// A block without parameters.
    SelfType,
    /// A block with parameters.
    Parameters,
    /// Any of these.
    Unknown,
}

/// Macros of the standard library, which mention nothing of their own.
const MACROS: &[&str] = &[
    "addr_of",
    "addr_of_mut",
    "assert",
    "assert_eq",
    "assert_ne",
    "column",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "file",
    "format",
    "format_args",
    "line",
    "matches",
    "module_path",
    "offset_of",
    "panic",
    "print",
    "println",
    "stringify",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Values of the standard prelude: as a value each could only be a constant parameter, of this name.
const VALUES: &[&str] = &["None", "Some", "Ok", "Err"];

/// Whether nothing in `tokens` can be a name from around the function.
pub fn are_of_items(tokens: &TokenStream, around: Around) -> bool {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    match around {
        Around::Nothing => true,
        Around::Parameters => false,
        Around::SelfType | Around::Unknown => (0..tokens.len()).all(|at| is_of_items(&tokens, at, around)),
    }
}

fn is_of_items(tokens: &[TokenTree], at: usize, around: Around) -> bool {
    match &tokens[at] {
        TokenTree::Group(group) => are_of_items(&group.stream(), around),
        TokenTree::Literal(literal) => around == Around::SelfType || !captures(&literal.to_string()),
        TokenTree::Punct(_) => true,
        TokenTree::Ident(name) => {
            let name = name.to_string();
            let is_known = MACROS.contains(&name.as_str()) || !is_macro_call(&name, &tokens[at + 1..]);
            let is_hidden = around == Around::SelfType || !is_parameter(&name, tokens, at);
            name != "Self" && is_known && is_hidden
        }
    }
}

/// Whether the name is a macro's, by what follows.
fn is_macro_call(name: &str, after: &[TokenTree]) -> bool {
    let is_keyword = ["if", "while", "match", "return", "break", "in", "else"].contains(&name);
    !is_keyword && matches!(after, [bang, TokenTree::Group(_), ..] if is_punct(bang, '!'))
}

/// Whether the name may be that of a parameter or a lifetime.
fn is_parameter(name: &str, tokens: &[TokenTree], at: usize) -> bool {
    let before = |back: usize, wanted| at >= back && is_punct(&tokens[at - back], wanted);
    if before(1, '\'') {
        return name != "_" && name != "static";
    }
    let is_lower = name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    let is_tail = before(1, ':') && before(2, ':') || before(1, '.') && !before(2, '.');
    let is_called = tokens.get(at + 1).is_some_and(|next| is_group(next, Delimiter::Parenthesis));
    !(is_lower || is_tail || is_called || VALUES.contains(&name))
}

/// Whether a literal may be a format string that names a constant: `"{N}"`, `"{:N$}"`.
fn captures(literal: &str) -> bool {
    literal
        .split('{')
        .skip(1)
        .any(|inside| inside.split('}').next().is_some_and(|inside| inside.contains(char::is_uppercase)))
}
