//! Sizes as literals: `"64 KiB"`, or a number of bytes.

use proc_macro2::{Literal, Span};
use syn::Lit;

use crate::errors::meant;

const UNITS: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Nobody means to reserve more than this for one callback. What the machine can give is for the
/// runtime to say.
const LARGEST: u64 = 1 << 40;

const EXPECTED: &str =
    "expected a size; write `\"64 KiB\"`, or a constant number of bytes such as `64 * 1024`";

/// The bytes of a literal `reserve`.
pub fn bytes(literal: &Literal) -> Result<Literal, (Span, String)> {
    let bytes = match Lit::new(literal.clone()) {
        Lit::Str(text) => parse_size(&text.value()).and_then(checked).map(|bytes| {
            let mut number = Literal::u64_unsuffixed(bytes);
            number.set_span(text.span());
            number
        }),
        Lit::Int(number) => check_suffix(number.base10_digits(), number.suffix())
            .and_then(|()| checked(number.base10_parse().unwrap_or(u64::MAX)))
            .map(|_| literal.clone()),
        Lit::Float(_) => Err(FRACTION.to_owned()),
        _ => Err(EXPECTED.to_owned()),
    };
    bytes.map_err(|message| (literal.span(), message))
}

const FRACTION: &str = "expected a whole number of bytes, or a size such as `\"64 KiB\"`";

/// `"64 KiB"`: a whole number, perhaps a space, a unit.
fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let is_digit = |c: char| c.is_ascii_digit() || c == '_';
    let digits = text.len() - text.trim_start_matches(is_digit).len();
    let (number, unit) = (text[..digits].replace('_', ""), text[digits..].trim());
    if number.is_empty() {
        return Err(EXPECTED.to_owned());
    }
    if unit.starts_with('.') {
        let message = "expected a whole number; write a smaller unit, such as `\"1536 KiB\"` \
                       for one and a half MiB";
        return Err(message.to_owned());
    }
    let factor = factor(&number, unit)?;
    Ok(number.parse::<u64>().map_or(u64::MAX, |number| number.saturating_mul(factor)))
}

fn factor(number: &str, unit: &str) -> Result<u64, String> {
    if unit.is_empty() {
        return Err(format!(
            "a size in quotes needs a unit; \
             write `\"{number} B\"`, `\"{number} KiB\"` or `\"{number} MiB\"`"
        ));
    }
    if let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) {
        return Ok(*factor);
    }
    let spellings = ["b", "kib", "kb", "k", "mib", "mb", "m", "gib", "gb", "g"];
    let is_meant = |name: &str, spelling: &str| name.to_lowercase().starts_with(&spelling[..1]);
    let advice = meant(unit, &spellings)
        .and_then(|spelling| UNITS.iter().find(|(name, _)| is_meant(name, spelling)))
        .map(|(name, _)| format!("did you mean `\"{number} {name}\"`?"))
        .unwrap_or_else(|| "the units are `B`, `KiB`, `MiB` and `GiB`".to_owned());
    Err(format!("unknown unit `{unit}`; {advice}"))
}

fn check_suffix(number: &str, suffix: &str) -> Result<(), String> {
    match suffix {
        "" | "usize" => Ok(()),
        number if number.starts_with(['i', 'u']) => {
            Err(format!("a size is a `usize`; write it without `{suffix}`"))
        }
        unit => Err(format!("a size with a unit stands in quotes; write `\"{number} {unit}\"`")),
    }
}

fn checked(bytes: u64) -> Result<u64, String> {
    match bytes {
        0 => Err("a body needs some stack; write at least `\"1 KiB\"`, \
                  or leave `reserve` out for 128 KiB"
            .to_owned()),
        1..=LARGEST => Ok(bytes),
        _ => Err("no stack is that large; write at most `\"1024 GiB\"`".to_owned()),
    }
}
