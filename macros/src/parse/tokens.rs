//! What is asked of tokens without parsing them.

use std::mem::take;

use proc_macro2::{Delimiter, Group, Spacing, Span, TokenStream, TokenTree};
use syn::Expr;

/// The tokens without the invisible groups that macros put around what they insert, since rustc
/// ignores those that come out of an attribute. What the tokens around it could take apart gets
/// parentheses instead. Other groups stay as they are unless it goes deep.
pub fn without_fragments(tokens: TokenStream, deep: bool) -> TokenStream {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let visible = |at: usize| {
        let TokenTree::Group(group) = &tokens[at] else { return tokens[at].clone().into() };
        let enters = deep && has_fragments(group.stream());
        if group.delimiter() != Delimiter::None && !enters {
            return tokens[at].clone().into();
        }
        let inside = without_fragments(group.stream(), deep);
        let delimiter = match group.delimiter() {
            Delimiter::None if can_fall_apart(&inside, &tokens[..at], &tokens[at + 1..]) => {
                Delimiter::Parenthesis
            }
            Delimiter::None => return inside,
            visible => visible,
        };
        TokenTree::from(grouped(delimiter, inside, group.span())).into()
    };
    (0..tokens.len()).map(visible).collect()
}

fn has_fragments(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| {
        let TokenTree::Group(group) = token else { return false };
        group.delimiter() == Delimiter::None || has_fragments(group.stream())
    })
}

fn can_fall_apart(inside: &TokenStream, before: &[TokenTree], after: &[TokenTree]) -> bool {
    use Expr::{Binary, Call, Cast, Closure, Index, Range, Reference, Unary};
    let binds = |token: Option<&TokenTree>| match token {
        Some(TokenTree::Punct(punct)) => !",;:=<>#".contains(punct.as_char()),
        token => matches!(token, Some(TokenTree::Ident(word)) if word == "as"),
    };
    let is_called = matches!(after.first(), Some(TokenTree::Group(group))
        if group.delimiter() != Delimiter::Brace);
    let (is_compared, begins) = (is_compared(before, after), begins_with_block(inside));
    let (before_binds, after_binds) = (binds(before.last()), binds(after.first()));
    match syn::parse2(inside.clone()) {
        Ok(Binary(_) | Cast(_) | Closure(_) | Range(_)) => {
            before_binds || after_binds || is_called || is_compared || begins
        }
        Ok(Unary(_)) => before_binds || after_binds || is_called,
        // Also types and patterns behind `&`, and bodies behind `-> !`.
        Ok(Reference(_)) => after_binds || is_called,
        Ok(Call(_) | Index(_)) if begins => true,
        Ok(_) if begins => after_binds,
        _ => {
            let text = inside.to_string();
            let is_sum = |word: &&str| text.starts_with(*word) && text.contains('+');
            let follows = before_binds || matches!(before.last(), Some(TokenTree::Ident(_)));
            follows && ["dyn ", "impl "].iter().any(is_sum)
        }
    }
}

/// Whether a statement of these tokens may end behind the block that they begin with.
pub fn begins_with_block(tokens: &TokenStream) -> bool {
    let text = tokens.to_string();
    let first = ["{", "'", "const ", "for ", "if ", "loop ", "match ", "unsafe ", "while "];
    first.iter().any(|first| text.starts_with(first))
}

/// Whether `<`, `==` or the like stands beside: not `=`, `=>` or `->`.
fn is_compared(before: &[TokenTree], after: &[TokenTree]) -> bool {
    let text = |tokens: &[TokenTree]| tokens.iter().cloned().collect::<TokenStream>().to_string();
    let before = text(&before[before.len().saturating_sub(2)..]);
    let after = text(&after[..after.len().min(2)]);
    let is_arrow = before.ends_with("=>") || before.ends_with("->");
    let signs = ["<", ">", "==", "!=", "<=", ">="];
    signs.iter().any(|sign| before.ends_with(sign) && !is_arrow || after.starts_with(sign))
}

/// The group with these delimiters that the token is.
pub fn in_group(token: &TokenTree, delimiter: Delimiter) -> Option<Group> {
    let TokenTree::Group(group) = token else { return None };
    (group.delimiter() == delimiter).then(|| group.clone())
}

/// The same delimiters around other tokens.
pub fn around(group: &Group, inside: TokenStream) -> Group {
    grouped(group.delimiter(), inside, group.span())
}

fn grouped(delimiter: Delimiter, inside: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, inside);
    group.set_span(span);
    group
}

pub fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

pub fn is_word(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(word) if word == wanted)
}

/// Whether the tokens mention the word, also in groups.
pub fn mentions(tokens: impl IntoIterator<Item = TokenTree>, word: &str) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => mentions(group.stream(), word),
        token => is_word(token, word),
    })
}

/// Takes the tokens in front of the first that `ends`, outside of angle brackets.
pub fn take_until<'tokens>(
    tokens: &mut &'tokens [TokenTree],
    ends: impl Fn(&TokenTree) -> bool,
) -> &'tokens [TokenTree] {
    let mut angles = Angles::default();
    let at = tokens.iter().position(|token| angles.pass(token) && ends(token));
    tokens.split_off(..at.unwrap_or(tokens.len())).unwrap_or_default()
}

/// Counts angle brackets where `<` is never "less than". The `>` of `->` and `=>` does not count.
#[derive(Default)]
pub struct Angles {
    depth: usize,
    after_arrow_shaft: bool,
}

impl Angles {
    /// Passes a token; whether it stands outside of all brackets, and is no arrow's.
    pub fn pass(&mut self, token: &TokenTree) -> bool {
        let is_arrow = take(&mut self.after_arrow_shaft) && is_punct(token, '>');
        let is_outside = self.depth == 0 && !is_arrow;
        if let TokenTree::Punct(punct) = token {
            match punct.as_char() {
                '<' => self.depth += 1,
                '>' if !is_arrow => self.depth = self.depth.saturating_sub(1),
                '-' | '=' => self.after_arrow_shaft = punct.spacing() == Spacing::Joint,
                _ => {}
            }
        }
        is_outside
    }
}
