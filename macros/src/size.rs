//! Sizes of stacks: `"64 KiB"`, an integer, or a constant expression.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use super::errors::{Errors, meant};
use super::tokens::is_punct;

const UNITS: [(&str, u64); 3] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20)];

/// Nobody means to reserve more than this for one callback. What the machine can give is for the runtime to say.
const LARGEST: u64 = 1 << 40;

const EXPECTED: &str = "expected a size; write `\"64 KiB\"`, or a constant number of bytes such as `64 * 1024`";

/// The value of `stack` as an expression of bytes.
pub fn bytes(value: &[TokenTree], errors: &mut Errors) -> Option<TokenStream> {
    match value {
        [TokenTree::Group(group)]
            if group.delimiter() == proc_macro2::Delimiter::None && !group.stream().is_empty() =>
        {
            bytes(&group.stream().into_iter().collect::<Vec<_>>(), errors)
        }
        [TokenTree::Literal(literal)] => literal_bytes(literal, errors),
        [minus, TokenTree::Literal(literal)] if is_punct(minus, '-') => {
            errors.push(minus.span(), format!("a size cannot be negative; write `{literal}`"));
            None
        }
        [TokenTree::Literal(literal), TokenTree::Ident(unit)] => {
            errors.push(literal.span(), format!("a size with a unit stands in quotes; write `\"{literal} {unit}\"`"));
            None
        }
        _ => Some(value.iter().cloned().collect()),
    }
}

fn literal_bytes(literal: &Literal, errors: &mut Errors) -> Option<TokenStream> {
    let written = literal.to_string();
    let checked = match text_of(&written) {
        Some(text) => parse_size(text).and_then(checked).map(|bytes| with_span(bytes, literal)),
        None if !written.starts_with(|first: char| first.is_ascii_digit()) => Err(EXPECTED.to_owned()),
        None => integer(&written).and_then(checked).map(|_| literal.to_token_stream()),
    };
    checked.map_err(|message| errors.push(literal.span(), message)).ok()
}

/// The text of a string literal, plain or raw. An escape in it is no part of a size, so it may stay as it is.
fn text_of(written: &str) -> Option<&str> {
    let quoted = written.strip_prefix('r').map_or(written, |raw| raw.trim_matches('#'));
    quoted.strip_prefix('"')?.strip_suffix('"')
}

fn with_span(bytes: u64, literal: &Literal) -> TokenStream {
    let mut number = Literal::u64_unsuffixed(bytes);
    number.set_span(literal.span());
    quote!(#number)
}

/// `"64 KiB"`: a whole number, perhaps a space, a unit.
fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_').len();
    let (number, unit) = (text[..digits].replace('_', ""), text[digits..].trim());
    if number.is_empty() {
        return Err(EXPECTED.to_owned());
    }
    if unit.starts_with('.') {
        return Err(
            "expected a whole number; write a smaller unit, such as `\"1536 KiB\"` for one and a half MiB".to_owned()
        );
    }
    let factor = factor(&number, unit)?;
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    bytes.ok_or_else(too_large)
}

fn factor(number: &str, unit: &str) -> Result<u64, String> {
    if unit.is_empty() {
        return Err(format!(
            "a size in quotes needs a unit; write `\"{number} B\"`, `\"{number} KiB\"` or `\"{number} MiB\"`"
        ));
    }
    if let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) {
        return Ok(*factor);
    }
    let advice = match meant(unit, &["b", "kib", "kb", "k", "mib", "mb", "m", "gib", "gb", "g"]) {
        Some("b") => format!("did you mean `\"{number} B\"`?"),
        Some("kib" | "kb" | "k") => format!("did you mean `\"{number} KiB\"`?"),
        Some("mib" | "mb" | "m") => format!("did you mean `\"{number} MiB\"`?"),
        Some(_) => format!("write it in MiB: `\"{} MiB\"`", number.parse::<u64>().unwrap_or(1).saturating_mul(1024)),
        None => "the units are `B`, `KiB` and `MiB`".to_owned(),
    };
    Err(format!("unknown unit `{unit}`; {advice}"))
}

/// The value of an integer literal that can be a `usize`.
fn integer(written: &str) -> Result<u64, String> {
    let (digits, radix) = match written.get(..2) {
        Some("0x") => (&written[2..], 16),
        Some("0o") => (&written[2..], 8),
        Some("0b") => (&written[2..], 2),
        _ => (written, 10),
    };
    let digits = digits.replace('_', "");
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (number, suffix) = digits.split_at(end);
    check_suffix(number, suffix)?;
    u64::from_str_radix(number, radix).map_err(|_| too_large())
}

fn check_suffix(number: &str, suffix: &str) -> Result<(), String> {
    match suffix {
        "" | "usize" => Ok(()),
        "u8" | "u16" | "u32" | "u64" | "u128" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => {
            Err(format!("a size is a `usize`; write it without `{suffix}`"))
        }
        fraction if fraction.starts_with(['.', 'e', 'E', 'f']) => {
            Err("expected a whole number of bytes, or a size such as `\"64 KiB\"`".to_owned())
        }
        unit => Err(format!("a size with a unit stands in quotes; write `\"{number} {unit}\"`")),
    }
}

fn checked(bytes: u64) -> Result<u64, String> {
    match bytes {
        0 => Err("a body needs some stack; write at least `\"1 KiB\"`, or leave `stack` out for 128 KiB".to_owned()),
        1..=LARGEST => Ok(bytes),
        _ => Err(too_large()),
    }
}

fn too_large() -> String {
    "no stack is that large; write at most 1048576 MiB".to_owned()
}
