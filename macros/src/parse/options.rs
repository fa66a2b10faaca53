//! The grammar of the attribute's arguments: `name = value`, separated by commas.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Lit, Path, Token};

use super::size;
use super::tokens::{is_punct, without_fragments};
use crate::errors::{Errors, meant};

const NAMES: [&str; 6] = ["reserve", "switch", "foreign", "fallback", "crate", "skip"];
const MODES: [(&str, &str); 3] =
    [("when_low", "WhenLow"), ("always", "Always"), ("never", "Never")];
const FOREIGN: [(&str, &str); 2] = [("switch", "Switch"), ("stay", "Stay")];

/// The arguments of the attribute.
#[derive(Default)]
pub struct Options {
    /// All of them as written, for a function that is annotated anew.
    pub source: TokenStream,
    /// The reserve in bytes.
    pub reserve: Option<Vec<TokenTree>>,
    /// The name of the runtime's mode.
    pub switch: Option<&'static str>,
    /// The runtime's name of what to do on a foreign stack.
    pub foreign: Option<&'static str>,
    /// What C gets when the body cannot give it anything.
    pub fallback: Option<Vec<TokenTree>>,
    /// The path of the runtime crate.
    pub runtime: TokenStream,
    /// The names that were given.
    pub names: Vec<Ident>,
}

/// A mistake; what is wrong is said, and the rest of the option skipped.
type Mistake = (Span, String);

impl Options {
    pub fn parse(source: TokenStream, errors: &mut Errors) -> Self {
        let source = without_fragments(source, true);
        let runtime = quote_spanned!(Span::mixed_site()=> ::guarded_callback);
        let mut options = Self { source: source.clone(), runtime, ..Self::default() };
        let read = |input: ParseStream<'_>| {
            while !input.is_empty() {
                options.read_option(input, errors);
            }
            Ok(())
        };
        if let Err(error) = read.parse2(source) {
            errors.push(error.span(), error.to_string());
        }
        options
    }

    /// The name of an option that was given.
    pub fn named(&self, name: &str) -> Option<&Ident> {
        self.names.iter().find(|given| *given == name)
    }

    /// The item with the attribute anew, with the same options.
    pub fn annotated(&self, item: TokenStream) -> TokenStream {
        let Self { runtime, source, .. } = self;
        quote_spanned!(Span::mixed_site()=> #[#runtime::guarded_callback(#source)] #item)
    }

    /// Reads an option and the comma behind it.
    fn read_option(&mut self, input: ParseStream<'_>, errors: &mut Errors) {
        let start = input.fork();
        let read = self.read_named(input).and_then(|()| comma_follows(input));
        if let Err((span, message)) = read {
            errors.push(span, message);
            // A value that was read in part is skipped as a whole.
            input.advance_to(&start);
            for _ in value_ahead(input) {
                let _ = input.parse::<TokenTree>();
            }
        }
        let _ = input.parse::<Option<Token![,]>>();
    }

    fn read_named(&mut self, input: ParseStream<'_>) -> Result<(), Mistake> {
        let Ok(name) = input.call(Ident::parse_any) else {
            let message = "expected an option, such as `reserve = \"256 KiB\"`";
            return Err((input.span(), message.to_owned()));
        };
        let word = name.to_string();
        if !NAMES.contains(&word.as_str()) {
            return Err(unknown(&name));
        }
        if self.named(&word).is_some() {
            return Err((name.span(), format!("`{word}` is given twice; keep one of them")));
        }
        self.names.push(name.clone());
        if word == "skip" {
            return skip_takes_no_value(input);
        }
        let no_value = no_value(&name, input);
        let equals = input.peek(Token![=]) && !input.peek(Token![==]);
        if !equals || input.parse::<Token![=]>().is_err() || ends(input) {
            return Err(no_value);
        }
        match word.as_str() {
            "reserve" => self.reserve = Some(reserve(input)?),
            "switch" => self.switch = Some(one_of(&MODES, "switch", "mode", input)?),
            "foreign" => self.foreign = Some(one_of(&FOREIGN, "foreign", "choice", input)?),
            "fallback" => self.fallback = Some(expression(input)?),
            _ => self.runtime = path(input)?,
        }
        Ok(())
    }
}

/// Whether the value ends here.
fn ends(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// The tokens up to the comma that ends the value.
fn value_ahead(input: ParseStream<'_>) -> Vec<TokenTree> {
    let ahead = input.fork();
    let next = || if ends(&ahead) { None } else { ahead.parse().ok() };
    std::iter::from_fn(next).collect()
}

/// The span of the next token, a group as a whole.
fn next_span(input: ParseStream<'_>) -> Span {
    value_ahead(input).first().map_or_else(|| input.span(), TokenTree::span)
}

fn comma_follows(input: ParseStream<'_>) -> Result<(), Mistake> {
    if ends(input) {
        return Ok(());
    }
    let semicolon = input.parse::<Option<Token![;]>>().ok().flatten();
    let ahead = input.fork();
    match (ahead.call(Ident::parse_any), semicolon) {
        (Ok(name), _) if NAMES.contains(&name.to_string().as_str()) => {
            Err((name.span(), format!("expected `,` before `{name}`")))
        }
        (_, Some(semicolon)) => Err((semicolon.span, "expected `,` between options".to_owned())),
        _ => Err((input.span(), "expected `,` behind the value".to_owned())),
    }
}

fn unknown(name: &Ident) -> Mistake {
    let word = name.to_string();
    let lower = word.to_lowercase();
    // Too far from the name to be taken for it, and what many expect it to be.
    let is_reserve = ["stac", "stak", "size", "bytes"].iter().any(|part| lower.contains(part));
    let is_mode = MODES.iter().any(|(mode, _)| *mode == word);
    let advice = match meant(&word, &NAMES) {
        _ if is_reserve => "did you mean `reserve`?".to_owned(),
        _ if is_mode => format!("did you mean `switch = {word}`?"),
        _ if word == "stay" => "did you mean `foreign = stay`?".to_owned(),
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("the options are {}", listed(&NAMES, "and")),
    };
    (name.span(), format!("unknown option `{word}`; {advice}"))
}

/// `reserve`, `reserve("64 KiB")`, `reserve: "64 KiB"`, `reserve =`.
fn no_value(name: &Ident, input: ParseStream<'_>) -> Mistake {
    let example = match name.to_string().as_str() {
        "reserve" => "reserve = \"256 KiB\"",
        "switch" => "switch = always",
        "foreign" => "foreign = stay",
        "fallback" => "fallback = -1",
        _ => "crate = path::to::guarded_callback",
    };
    let (span, problem) = if ends(input) || input.peek(Token![=]) {
        (name.span(), format!("`{name}` needs a value"))
    } else {
        (next_span(input), format!("expected `=` after `{name}`"))
    };
    (span, format!("{problem}; write `{example}`"))
}

fn skip_takes_no_value(input: ParseStream<'_>) -> Result<(), Mistake> {
    if ends(input) {
        return Ok(());
    }
    // Of `skip(all)` the word is wrong, not the parenthesis.
    let first = match value_ahead(input).into_iter().next() {
        Some(TokenTree::Group(group)) => group.stream().into_iter().next(),
        other => other,
    };
    let span = first.map_or_else(|| input.span(), |token| token.span());
    Err((span, "`skip` takes no value; write `skip` alone".to_owned()))
}

/// Takes the tokens of an expression.
fn expression(input: ParseStream<'_>) -> Result<Vec<TokenTree>, Mistake> {
    let (ahead, parsed) = (value_ahead(input), input.fork());
    parsed.parse::<Expr>().map_err(|error| match ahead.last() {
        Some(last @ TokenTree::Punct(_)) if !is_punct(last, '?') => {
            let message = format!("the value ends in `{last}`; write the rest of the expression");
            (last.span(), message)
        }
        _ => (error.span(), error.to_string()),
    })?;
    let mut value: Vec<_> = input.cursor().token_stream().into_iter().collect();
    input.advance_to(&parsed);
    value.truncate(value.len() - input.cursor().token_stream().into_iter().count());
    Ok(without_parentheses(value))
}

/// The value without parentheses around all of it: where it is put they would be unnecessary.
fn without_parentheses(value: Vec<TokenTree>) -> Vec<TokenTree> {
    let [TokenTree::Group(group)] = &*value else { return value };
    // Of a tuple they are part.
    let are_around =
        group.delimiter() == Delimiter::Parenthesis && syn::parse2::<Expr>(group.stream()).is_ok();
    let inside = group.stream().into_iter();
    if are_around { without_parentheses(inside.collect()) } else { value }
}

fn reserve(input: ParseStream<'_>) -> Result<Vec<TokenTree>, Mistake> {
    let value = expression(input)?;
    match &*value {
        [TokenTree::Literal(literal)] => match input.fork().call(Ident::parse_any) {
            // `64 KiB` without quotes.
            Ok(unit) if !NAMES.contains(&unit.to_string().as_str()) => {
                let message =
                    format!("a size with a unit stands in quotes; write `\"{literal} {unit}\"`");
                Err((literal.span(), message))
            }
            _ => Ok(vec![size::bytes(literal)?.into()]),
        },
        [minus, TokenTree::Literal(literal)] if is_punct(minus, '-') => {
            Err((minus.span(), format!("a size cannot be negative; write `{literal}`")))
        }
        _ => Ok(value),
    }
}

/// The runtime's name of one of a few words.
fn one_of(
    known: &[(&str, &'static str)],
    option: &str,
    kind: &str,
    input: ParseStream<'_>,
) -> Result<&'static str, Mistake> {
    let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
    let written = value_ahead(input);
    let start = input.span();
    let Some(name) = input.call(Ident::parse_any).ok().filter(|_| ends(input)) else {
        return Err(no_word(option, kind, &words, &written, start));
    };
    let word = name.to_string();
    known.iter().find(|(known, _)| *known == word).map(|(_, runtime)| *runtime).ok_or_else(|| {
        let advice = match meant(&word, &words) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("write {}", listed(&words, "or")),
        };
        (name.span(), format!("there is no {kind} `{word}`; {advice}"))
    })
}

/// `switch = "always"`, `switch = when-low`, `switch = Mode::Always`.
fn no_word(option: &str, kind: &str, words: &[&str], written: &[TokenTree], span: Span) -> Mistake {
    let written: String = written.iter().map(ToString::to_string).collect();
    let last = written.rsplit(':').next().unwrap_or_default().trim_matches('"');
    let advice = match meant(last, words) {
        Some(word) => format!("write `{option} = {word}`"),
        None => format!("write {}", listed(words, "or")),
    };
    (span, format!("expected the name of a {kind}; {advice}"))
}

/// "`a`, `b` or `c`".
fn listed(words: &[&str], link: &str) -> String {
    let (last, others) = words.split_last().expect("there is a choice");
    format!("`{}` {link} `{last}`", others.join("`, `"))
}

fn path(input: ParseStream<'_>) -> Result<TokenStream, Mistake> {
    const EXPECTED: &str = "expected the path of the runtime crate; write";
    let value = value_ahead(input);
    let end = value.last().map_or_else(Span::call_site, TokenTree::span);
    let wrong = || {
        let span = if ends(input) { end } else { next_span(input) };
        (span, format!("{EXPECTED} `crate = path::to::guarded_callback`"))
    };
    if let Ok(Lit::Str(text)) = input.fork().parse() {
        let name = text.value().replace('-', "_");
        return Err((text.span(), format!("{EXPECTED} it without quotes: `crate = {name}`")));
    }
    Path::parse_mod_style(input).map_err(|_| wrong())?;
    if ends(input) { Ok(value.into_iter().collect()) } else { Err(wrong()) }
}
