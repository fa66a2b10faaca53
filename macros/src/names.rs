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
    let after = &tokens[at + 1..];
    match &tokens[at] {
        // A fragment of a macro may hold the name of another one.
        TokenTree::Group(group) => {
            let is_macro = group.delimiter() == Delimiter::None && is_macro_call(after);
            !is_macro && are_of_items(&group.stream(), around)
        }
        TokenTree::Literal(literal) => around == Around::SelfType || !captures(&literal.to_string()),
        TokenTree::Punct(_) => true,
        TokenTree::Ident(name) => {
            let name = name.to_string();
            let is_known = !is_macro_call(after) || is_keyword(&name) || is_macro_of_std(&name, &tokens[..at]);
            let is_hidden = around == Around::SelfType || !is_parameter(&name, tokens, at);
            name != "Self" && is_known && is_hidden
        }
    }
}

/// Whether what stands before is the name of a macro, or a keyword before a negation.
fn is_macro_call(after: &[TokenTree]) -> bool {
    matches!(after, [bang, TokenTree::Group(_), ..] if is_punct(bang, '!'))
}

fn is_keyword(name: &str) -> bool {
    ["if", "while", "match", "return", "break", "in", "else"].contains(&name)
}

fn is_macro_of_std(name: &str, before: &[TokenTree]) -> bool {
    MACROS.contains(&name) && !before.last().is_some_and(|token| is_punct(token, ':'))
}

/// Whether the name may be that of a parameter or a lifetime.
fn is_parameter(name: &str, tokens: &[TokenTree], at: usize) -> bool {
    let before = |back: usize, wanted| at >= back && is_punct(&tokens[at - back], wanted);
    if before(1, '\'') {
        return name != "_" && name != "static";
    }
    let is_tail = before(1, ':') && before(2, ':') || before(1, '.') && !before(2, '.');
    let is_called = tokens.get(at + 1).is_some_and(|next| is_group(next, Delimiter::Parenthesis));
    // Nobody calls a parameter `None`.
    !(is_lower(name) || is_tail || is_called || name == "None")
}

/// Whether a name is written as those of variables, functions and primitive types are. Scripts without cases are not.
fn is_lower(name: &str) -> bool {
    let is_usual = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    name == "_" || name.chars().all(is_usual) && name.contains(|letter: char| letter.is_ascii_lowercase())
}

/// Whether a literal may be a format string that names a constant: `"{N}"`, `"{:N$}"`.
fn captures(literal: &str) -> bool {
    let may_name = |rest: &str| {
        let inside = rest.split('}').next().unwrap_or(rest);
        let (name, format) = inside.split_once(':').unwrap_or((inside, ""));
        let is_number = name.chars().all(|letter| letter.is_ascii_digit());
        !(is_number || is_lower(name)) || format.contains('$')
    };
    literal.split('{').skip(1).any(may_name) || literal.contains("\\x") || literal.contains("\\u")
}
