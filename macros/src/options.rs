//! The grammar of the attribute's arguments: `name = value`, separated by commas.

use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream, TokenTree};

use super::check;
use super::errors::{Errors, meant};
use super::size;
use super::tokens::{Cursor, is_ident, is_punct};

const NAMES: [&str; 5] = ["stack", "switch", "fallback", "crate", "skip"];
const MODES: [(&str, &str); 3] = [("when_low", "WhenLow"), ("always", "Always"), ("never", "Never")];

/// The arguments of the attribute.
#[derive(Default)]
pub struct Options {
    /// All of them as written, for a function that is annotated anew.
    pub source: TokenStream,
    /// The reserve in bytes, an expression.
    pub stack: Option<TokenStream>,
    /// The name of the runtime's mode.
    pub mode: Option<&'static str>,
    pub fallback: Option<Fallback>,
    /// The path of the runtime crate.
    pub runtime: Option<TokenStream>,
    pub skip: Option<Ident>,
}

/// What C gets when the body cannot give it anything.
pub struct Fallback {
    /// The option's name.
    pub name: Ident,
    pub value: TokenStream,
}

impl Options {
    pub fn parse(source: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self { source: source.clone(), ..Self::default() };
        let mut cursor = Cursor::new(source);
        let mut seen = Vec::new();
        cursor.open_invisible();
        while !cursor.is_empty() {
            options.parse_option(&mut cursor, &mut seen, errors);
            cursor.take_punct(',');
            cursor.open_invisible();
        }
        if let Some(skip) = &options.skip {
            check::skip_stands_alone(skip, seen.len() > 1, errors);
        }
        options
    }

    fn parse_option(&mut self, cursor: &mut Cursor, seen: &mut Vec<String>, errors: &mut Errors) {
        let Some(name) = cursor.take_ident(|_| true) else {
            let found = cursor.peek().map_or_else(Span::call_site, TokenTree::span);
            take_value(cursor);
            return errors.push(found, "expected an option, such as `stack = \"256 KiB\"`");
        };
        let word = name.to_string();
        let equals = cursor.take_punct('=');
        let value = without_parentheses(take_value(cursor));
        if !NAMES.contains(&word.as_str()) {
            return unknown(&name, errors);
        }
        if seen.contains(&word) {
            return errors.push(name.span(), format!("`{word}` is given twice; keep one of them"));
        }
        seen.push(word.clone());
        if word == "skip" {
            return self.set_skip(name, equals.map(|equals| equals.span()), &value, errors);
        }
        if equals.is_none() || value.is_empty() {
            return no_value(&name, &value, errors);
        }
        if breaks_out(&value, errors) {
            return;
        }
        match word.as_str() {
            "stack" => self.stack = size::bytes(&value, errors),
            "switch" => self.mode = mode(&value, errors),
            "fallback" => self.fallback = Some(Fallback { name, value: value.into_iter().collect() }),
            _ => self.runtime = path(&value, errors),
        }
    }

    fn set_skip(&mut self, name: Ident, equals: Option<Span>, value: &[TokenTree], errors: &mut Errors) {
        let unexpected = equals.or_else(|| value.first().map(TokenTree::span));
        if let Some(span) = unexpected {
            errors.push(span, "`skip` takes no value; write `skip` alone");
        }
        self.skip = Some(name);
    }
}

fn unknown(name: &Ident, errors: &mut Errors) {
    let word = name.to_string();
    let advice = match meant(&word, &NAMES) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "the options are `stack`, `switch`, `fallback`, `crate` and `skip`".to_owned(),
    };
    errors.push(name.span(), format!("unknown option `{word}`; {advice}"));
}

/// `stack`, `stack("64 KiB")`, `stack: "64 KiB"`, `stack =`.
fn no_value(name: &Ident, value: &[TokenTree], errors: &mut Errors) {
    let example = match name.to_string().as_str() {
        "stack" => "stack = \"256 KiB\"",
        "switch" => "switch = always",
        "fallback" => "fallback = -1",
        _ => "crate = path::to::guarded_callback",
    };
    let (span, problem) = match value.first() {
        Some(first) => (first.span(), format!("expected `=` after `{name}`")),
        None => (name.span(), format!("`{name}` needs a value")),
    };
    errors.push(span, format!("{problem}; write `{example}`"));
}

/// Takes the tokens up to the comma that ends the value. Commas between the angle brackets of `::<A, B>` and of `<T as
/// Tr<A, B>>::X` and between the bars of a closure's parameters do not end it.
fn take_value(cursor: &mut Cursor) -> Vec<TokenTree> {
    let mut value = Vec::new();
    let mut depth = 0_usize;
    let mut in_bars = false;
    while let Some(token) = cursor.peek() {
        if is_punct(token, ',') && depth == 0 && !in_bars {
            break;
        }
        if is_punct(token, '<') && (depth > 0 || opens_brackets(&value)) {
            depth += 1;
        } else if is_punct(token, '>') && !value.last().is_some_and(|last| is_punct(last, '-') || is_punct(last, '=')) {
            depth = depth.saturating_sub(1);
        } else if is_punct(token, '|') {
            in_bars = !in_bars && starts_closure(&value);
        }
        value.extend(cursor.next());
    }
    value
}

/// The value without parentheses around all of it: where it is put they would be called unnecessary.
fn without_parentheses(value: Vec<TokenTree>) -> Vec<TokenTree> {
    if let [TokenTree::Group(group)] = value.as_slice() {
        let inside: Vec<_> = group.stream().into_iter().collect();
        let is_tuple = inside.is_empty() || inside.iter().any(|token| is_punct(token, ','));
        if group.delimiter() == Delimiter::Parenthesis && !is_tuple {
            return inside;
        }
    }
    value
}

/// Whether a `<` after these tokens opens a bracket and does not compare.
fn opens_brackets(before: &[TokenTree]) -> bool {
    match before {
        [] => true,
        [.., first, second] => is_punct(first, ':') && is_punct(second, ':'),
        _ => false,
    }
}

fn starts_closure(before: &[TokenTree]) -> bool {
    before.is_empty() || matches!(before, [only] if is_ident(only, "move"))
}

/// Finds what would make the value swallow the next option, or break out of the place where it is put.
fn breaks_out(value: &[TokenTree], errors: &mut Errors) -> bool {
    let swallowed = value.windows(3).find(|three| {
        let option = NAMES.iter().any(|name| is_ident(&three[0], name));
        option && is_punct(&three[1], '=') && !is_punct(&three[2], '=')
    });
    if let Some(last) = value.last().filter(|last| is_unfinished(last)) {
        errors.push(last.span(), format!("the value ends in `{last}`; write the rest of the expression"));
        return true;
    }
    if let Some(three) = swallowed {
        errors.push(three[0].span(), format!("expected `,` before `{}`", three[0]));
        return true;
    }
    let semicolon = value.iter().find(|token| is_punct(token, ';'));
    if let Some(semicolon) = semicolon {
        errors.push(semicolon.span(), "expected `,` between options");
    }
    semicolon.is_some()
}

/// Whether no expression ends in this token. `?`, `>` and the dots of a range may be the last.
fn is_unfinished(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if !matches!(punct.as_char(), '?' | '>' | '.' | ':' | '|'))
}

/// The runtime's name of a mode.
fn mode(value: &[TokenTree], errors: &mut Errors) -> Option<&'static str> {
    let names = MODES.map(|(name, _)| name);
    let [TokenTree::Ident(written)] = value else {
        errors.push(value[0].span(), mode_advice(value, &names));
        return None;
    };
    let word = written.to_string();
    let found = MODES.iter().find(|(name, _)| *name == word);
    if found.is_none() {
        let advice = match meant(&word, &names) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "write `when_low`, `always` or `never`".to_owned(),
        };
        errors.push(written.span(), format!("there is no mode `{word}`; {advice}"));
    }
    found.map(|(_, mode)| *mode)
}

/// `switch = "always"`, `switch = when-low`, `switch = Mode::Always`.
fn mode_advice(value: &[TokenTree], names: &[&str]) -> String {
    let written: String = value.iter().map(ToString::to_string).collect();
    let last = written.rsplit(':').next().unwrap_or_default().trim_matches('"');
    match meant(last, names) {
        Some(known) => format!("expected the name of a mode; write `switch = {known}`"),
        None => "expected the name of a mode; write `when_low`, `always` or `never`".to_owned(),
    }
}

/// A path: names with `::` between them. One in a fragment (`$path:path`) is taken out of it.
fn path(value: &[TokenTree], errors: &mut Errors) -> Option<TokenStream> {
    if let [TokenTree::Group(group)] = value
        && group.delimiter() == Delimiter::None
    {
        let inside: Vec<_> = group.stream().into_iter().collect();
        return if inside.is_empty() { None } else { path(&inside, errors) };
    }
    let Some(wrong) = not_in_path(value) else { return Some(value.iter().cloned().collect()) };
    let advice = match wrong {
        TokenTree::Literal(literal) if literal.to_string().starts_with('"') => {
            format!("write it without quotes: `crate = {}`", unquoted(literal))
        }
        _ => "write `crate = path::to::guarded_callback`".to_owned(),
    };
    errors.push(wrong.span(), format!("expected the path of the runtime crate; {advice}"));
    None
}

/// The first token that does not continue a path.
fn not_in_path(value: &[TokenTree]) -> Option<&TokenTree> {
    let mut cursor = Cursor::new(value.iter().cloned().collect());
    let mut at = 0;
    let mut name_next = !is_punct(&value[0], ':');
    while !cursor.is_empty() {
        let taken = if name_next {
            usize::from(matches!(cursor.next(), Some(TokenTree::Ident(_))))
        } else {
            usize::from(cursor.take_punct(':').is_some()) + usize::from(cursor.take_punct(':').is_some())
        };
        let wanted = if name_next { 1 } else { 2 };
        if taken != wanted {
            return value.get(at + taken).or(value.last());
        }
        at += wanted;
        name_next = !name_next;
    }
    if name_next { value.last() } else { None }
}

fn unquoted(literal: &Literal) -> String {
    literal.to_string().trim_matches('"').replace('-', "_")
}
