//! Mistakes, collected so that a person sees all of them at once.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// The mistakes found so far, in the order of the rules that found them.
#[derive(Default)]
pub struct Errors(Vec<(Span, String)>);

impl Errors {
    /// Notes a mistake. `message` is lower case and says what to write instead.
    pub fn push(&mut self, span: Span, message: impl Into<String>) {
        self.0.push((span, message.into()));
    }
}

impl ToTokens for Errors {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for (span, message) in &self.0 {
            tokens.extend(quote_spanned!(*span=> ::core::compile_error! { #message }));
        }
    }
}

/// The one of `known` that `written` was probably meant to be.
pub fn meant<'known>(written: &str, known: &[&'known str]) -> Option<&'known str> {
    let written = written.to_lowercase().replace('-', "_");
    let close = |name: &&&str| distance(&written, name) <= 1 + name.len() / 4;
    known.iter().filter(close).min_by_key(|name| distance(&written, name)).copied()
}

/// How many letters must be changed, added or left out to come from `from` to `to` (Levenshtein's
/// distance).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (left, other) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[left + 1];
            row[left + 1] = replaced.min(row[left] + 1).min(diagonal + 1);
        }
    }
    row[row.len() - 1]
}
