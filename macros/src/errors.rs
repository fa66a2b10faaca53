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
    let distance = |name: &str| distance(written.as_bytes(), name.as_bytes(), 1 + name.len() / 4);
    let close = known.iter().filter_map(|name| Some((distance(name)?, *name)));
    close.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many letters must be changed, added or left out to come from `from` to `to` (Levenshtein's
/// distance), if that many are allowed.
fn distance(from: &[u8], to: &[u8], allowed: usize) -> Option<usize> {
    match (from, to) {
        ([], rest) | (rest, []) => Some(rest.len()).filter(|rest| *rest <= allowed),
        ([one, from @ ..], [other, to @ ..]) if one == other => distance(from, to, allowed),
        ([_, less @ ..], [_, shorter @ ..]) => {
            let allowed = allowed.checked_sub(1)?;
            let ways = [(less, shorter), (less, to), (from, shorter)];
            ways.iter().filter_map(|(from, to)| distance(from, to, allowed)).min().map(|of| of + 1)
        }
    }
}
