//! Whatever tokens the attribute gets, it answers with tokens: it never panics.
//!
//! `GUARDED_CALLBACK_FUZZ_CASES` sets how many cases run, `GUARDED_CALLBACK_FUZZ_SEED` where they
//! start. The seed of a run is printed.

use std::env;
use std::ffi::OsStr;
use std::panic::catch_unwind;

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use ui_tests::guarded_callback;

const CASES: u64 = 5_000;
const SEED: u64 = 0x6775_6172_6465_6463;

/// Words that the grammar knows, and some that it does not.
const WORDS: &[&str] = &[
    "reserve",
    "stack",
    "foreign",
    "stay",
    "switch",
    "fallback",
    "crate",
    "skip",
    "when_low",
    "always",
    "never",
    "stak",
    "fn",
    "extern",
    "unsafe",
    "const",
    "async",
    "gen",
    "safe",
    "default",
    "pub",
    "impl",
    "mod",
    "trait",
    "struct",
    "enum",
    "union",
    "static",
    "type",
    "use",
    "let",
    "macro_rules",
    "where",
    "for",
    "self",
    "Self",
    "mut",
    "ref",
    "dyn",
    "in",
    "_",
    "x",
    "T",
    "u8",
    "i32",
    "Option",
    "NonNull",
    "cfg",
    "cfg_attr",
    "naked",
    "guarded_callback",
    "move",
    "return",
    "if",
    "as",
    "r#type",
];

const LITERALS: &[&str] = &[
    "\"64 KiB\"",
    "\"0 B\"",
    "\"\"",
    "\"KiB\"",
    "\"1.5 MiB\"",
    "\"99999999999999999999 MiB\"",
    "\"18446744073709551615 MiB\"",
    "\"1 GiB\"",
    "\"C\"",
    "\"Rust\"",
    "\"é KiB\"",
    "r\"1 MiB\"",
    "r##\"Rust\"##",
    "b\"64\"",
    "c\"64\"",
    "'a'",
    "b'a'",
    "0",
    "1",
    "4096usize",
    "1u8",
    "0x10",
    "0xé",
    "1.5",
    "1e9",
    "64KiB",
    "0b1",
    "0o7",
    "99999999999999999999",
    "0x_",
    "1_000",
];

/// Functions and blocks that are right, to be damaged.
const ITEMS: &[&str] = &[
    "#[doc = \"x\"] pub unsafe extern \"C\" fn cb<'a, T: Tr<U> + 'a>\
     (x: *mut u8, mut n: u32, (a, b): Pair, v: Vec<T>) -> i32 where T: X { 1 }",
    "extern \"C\" fn cb(self: Box<Self>, #[cfg(unix)] a: &'a T, \
     #[cfg(not(unix))] b: impl Tr, ...) -> ! { #![allow(x)] loop {} }",
    "impl<T> Tr<T> for S<{ 1 }> { const A: u8 = { 1 }; \
     extern \"C\" fn a(&mut self, x: [u8; { 3 }]) {} #[guarded_callback(skip)] fn b() {} }",
    "pub mod m { use a::{b, c}; \
     extern \"C\" fn a(x: Option<fn() -> u8>) -> Option<fn() -> u8> {} mod n { extern fn b(); } }",
    "mod m { make! { extern \"C\" fn f() {} } #[guarded_callback(skip)] other!(fn); \
     macro_rules! m { ($n:ident) => { extern fn $n() {} } } }",
    "#[track_caller] #[cfg_attr(unix, target_feature(enable = \"avx2\"))] \
     fn f(ref a @ Some(_): T, [b, ..]: &[u8]) \
     -> Result<impl Fn(u8) -> u8, Box<dyn Tr<X = impl Y>>> { a }",
    "const extern \"Rust\" fn f<const N: usize>(x: A::<B>, _: <T as U<V>>::W);",
];

const OPTIONS: &[&str] = &[
    "reserve = \"256 KiB\", switch = always, fallback = -1, crate = path::to::guarded_callback",
    "reserve = 64 * SIZE::<A, B>(), fallback = |a, b| { 1 },",
    "skip",
    "foreign = stay, reserve = Self::SIZE, fallback = (x, { y }),",
    "switch = when_low, fallback = <T as U<A, B>>::new(1 < 2, a >> b)",
];

/// A generator that is the same everywhere (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn one_of<'list>(&mut self, list: &[&'list str]) -> &'list str {
        list[self.below(list.len())]
    }

    fn token(&mut self, depth: usize) -> TokenTree {
        match self.below(10) {
            0..=3 => self.word(),
            4 => self.literal(),
            5..=7 => self.punct(),
            _ if depth == 0 => self.punct(),
            _ => self.group(depth),
        }
    }

    fn word(&mut self) -> TokenTree {
        let word = self.one_of(WORDS);
        match word.strip_prefix("r#") {
            Some(raw) => Ident::new_raw(raw, Span::call_site()).into(),
            None => Ident::new(word, Span::call_site()).into(),
        }
    }

    fn literal(&mut self) -> TokenTree {
        let written = self.one_of(LITERALS);
        written.parse::<Literal>().map_or_else(|_| self.punct(), TokenTree::Literal)
    }

    fn punct(&mut self) -> TokenTree {
        let marks = [
            '=', ',', ':', ';', '<', '>', '-', '&', '*', '.', '#', '!', '|', '+', '\'', '?', '@',
            '$',
        ];
        let spacing = if self.below(2) == 0 { Spacing::Alone } else { Spacing::Joint };
        Punct::new(marks[self.below(marks.len())], spacing).into()
    }

    fn group(&mut self, depth: usize) -> TokenTree {
        let delimiters =
            [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
        let delimiter = delimiters[self.below(delimiters.len())];
        Group::new(delimiter, self.stream(depth - 1)).into()
    }

    fn stream(&mut self, depth: usize) -> TokenStream {
        (0..self.below(8)).map(|_| self.token(depth)).collect()
    }

    /// A correct text with tokens left out, doubled, replaced or wrapped.
    fn damaged(&mut self, stream: TokenStream) -> TokenStream {
        stream.into_iter().flat_map(|token| self.damaged_token(token)).collect()
    }

    fn damaged_token(&mut self, token: TokenTree) -> Vec<TokenTree> {
        match self.below(60) {
            0 => vec![],
            1 => vec![token.clone(), token],
            2 => vec![self.token(2)],
            3 => vec![token, self.token(2)],
            4 => vec![Group::new(Delimiter::None, token.into()).into()],
            _ => vec![self.damaged_inside(token)],
        }
    }

    fn damaged_inside(&mut self, token: TokenTree) -> TokenTree {
        match token {
            TokenTree::Group(group) => {
                Group::new(group.delimiter(), self.damaged(group.stream())).into()
            }
            other => other,
        }
    }

    fn input(&mut self, correct: &[TokenStream]) -> TokenStream {
        match self.below(4) {
            0 => self.stream(3),
            1 => correct[self.below(correct.len())].clone(),
            _ => {
                let chosen = correct[self.below(correct.len())].clone();
                self.damaged(chosen)
            }
        }
    }
}

fn parsed(texts: &[&str]) -> Vec<TokenStream> {
    texts.iter().map(|text| text.parse().expect("the texts above are tokens")).collect()
}

fn from_environment(name: &str, default: u64) -> u64 {
    env::var_os(name).map_or(default, |text| number(name, &text))
}

fn number(name: &str, text: &OsStr) -> u64 {
    let number = text.to_str().and_then(|text| text.replace('_', "").parse().ok());
    number.unwrap_or_else(|| panic!("{name} must be a number, such as 1_000_000, and is {text:?}"))
}

#[test]
#[should_panic(
    expected = "GUARDED_CALLBACK_FUZZ_CASES must be a number, such as 1_000_000, and is \"many\""
)]
fn a_count_that_is_no_number_is_an_error() {
    number("GUARDED_CALLBACK_FUZZ_CASES", OsStr::new("many"));
}

#[test]
fn no_tokens_make_the_attribute_panic() {
    answers_with_tokens(from_environment("GUARDED_CALLBACK_FUZZ_CASES", CASES));
}

#[test]
#[ignore = "minutes in a debug build: cargo test --release -p ui-tests --test fuzz -- --ignored"]
fn no_tokens_of_a_million_make_the_attribute_panic() {
    answers_with_tokens(1_000_000);
}

fn answers_with_tokens(cases: u64) {
    let seed = from_environment("GUARDED_CALLBACK_FUZZ_SEED", SEED);
    let (options, items) = (parsed(OPTIONS), parsed(ITEMS));
    let mut random = Random(seed);
    let mut refused = 0;
    for case in 0..cases {
        let (options, item) = (random.input(&options), random.input(&items));
        let texts = (options.to_string(), item.to_string());
        match catch_unwind(|| guarded_callback(options, item).to_string()) {
            Ok(output) => refused += u64::from(output.contains("compile_error")),
            Err(_) => {
                panic!("case {case} of seed {seed}: #[guarded_callback({})] {}", texts.0, texts.1)
            }
        }
    }
    println!(
        "seed {seed}: {cases} cases, {refused} refused, {} expanded, none panicked",
        cases - refused
    );
    assert!(
        refused > cases / 4 && cases - refused > cases / 50,
        "the cases should be of both kinds"
    );
}
