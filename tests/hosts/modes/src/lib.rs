//! `#[callback(..)]`: the function as it is in a plain build, `#[guarded_callback(.., MODE)]` in
//! the others.
//!
//! So each extension is one source, built once for each mode:
//!
//! | feature | options |
//! |---|---|
//! | (none) | no attribute |
//! | `default-options` | those of the function |
//! | `always` | and `switch = always` |
//! | `stay` | and `foreign = stay` |
//! | `check` | and `switch = never, foreign = stay, reserve = "8 KiB"`: the check-only way |

use proc_macro::{TokenStream, TokenTree};

/// See the crate's documentation.
#[proc_macro_attribute]
pub fn callback(options: TokenStream, item: TokenStream) -> TokenStream {
    let mode = if cfg!(feature = "broken") {
        if cfg!(feature = "always") { "switch = when_low" } else { "switch = never" }
    } else if cfg!(feature = "always") {
        "switch = always"
    } else if cfg!(feature = "stay") {
        "foreign = stay"
    } else if cfg!(feature = "check") {
        "switch = never, foreign = stay, reserve = \"8 KiB\""
    } else if cfg!(feature = "default-options") {
        ""
    } else {
        return item;
    };
    let options = if mode.contains("reserve") { without_reserve(options) } else { options };
    let attribute = format!("#[::guarded_callback::guarded_callback({mode}, {options})]")
        .replace("(, ", "(")
        .replace(", )", ")");
    let mut tokens: TokenStream = attribute.parse().expect("an attribute");
    tokens.extend(item);
    tokens
}

/// The options but for `reserve = ..`.
fn without_reserve(options: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = options.into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
    let kept =
        tokens.split(is_comma).filter(|o| o.first().is_some_and(|t| t.to_string() != "reserve"));
    let texts: Vec<String> =
        kept.map(|o| o.iter().cloned().collect::<TokenStream>().to_string()).collect();
    texts.join(", ").parse().expect("options")
}
