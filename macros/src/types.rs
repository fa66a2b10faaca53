//! What the tokens of a type tell.
//!
//! Nothing here must be right for the expansion to be sound: a wrong guess costs a copy of an argument.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::tokens::{Cursor, is_ident, is_punct};

/// Types that fit a register or two and are Copy, by the names that libcore, C and POSIX give them.
const SMALL: &[&str] = &[
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "bool",
    "char",
    "c_char",
    "c_schar",
    "c_uchar",
    "c_short",
    "c_ushort",
    "c_int",
    "c_uint",
    "c_long",
    "c_ulong",
    "c_longlong",
    "c_ulonglong",
    "c_float",
    "c_double",
    "c_size_t",
    "c_ssize_t",
    "size_t",
    "ssize_t",
    "ptrdiff_t",
    "intptr_t",
    "uintptr_t",
    "intmax_t",
    "uintmax_t",
    "off_t",
    "time_t",
    "pid_t",
    "int8_t",
    "int16_t",
    "int32_t",
    "int64_t",
    "uint8_t",
    "uint16_t",
    "uint32_t",
    "uint64_t",
    // Names that Windows and GLib give to them.
    "HANDLE",
    "HWND",
    "HMODULE",
    "HINSTANCE",
    "BOOL",
    "DWORD",
    "WPARAM",
    "LPARAM",
    "LRESULT",
    "gpointer",
    "gconstpointer",
    "gint",
    "guint",
    "gboolean",
    "gsize",
];

/// Those of them that are raw pointers.
const POINTERS: &[&str] = &["HANDLE", "HWND", "HMODULE", "HINSTANCE", "gpointer", "gconstpointer"];

/// Whether the type is known to be small and without drop glue: a number, a pointer, a reference.
pub fn is_small(ty: &TokenStream) -> bool {
    let mut cursor = Cursor::new(ty.clone());
    cursor.open_invisible();
    match cursor.peek() {
        Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '*' | '&') => true,
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty(),
        Some(TokenTree::Ident(word)) if is_function_pointer(&word.to_string()) => true,
        _ => is_small_path(cursor),
    }
}

/// Whether the type is a raw pointer, also by the names that libraries give to those.
pub fn is_raw_pointer(ty: &TokenStream) -> bool {
    let mut cursor = Cursor::new(ty.clone());
    cursor.open_invisible();
    let last = ty.clone().into_iter().last();
    let alias = |last: &TokenTree| POINTERS.iter().any(|name| is_ident(last, name));
    cursor.take_punct('*').is_some() || last.is_some_and(|last| alias(&last))
}

fn is_function_pointer(word: &str) -> bool {
    ["fn", "extern", "unsafe", "for"].contains(&word)
}

/// A path that ends in a known name, or an `Option` of something small that has a niche.
fn is_small_path(mut cursor: Cursor) -> bool {
    loop {
        while cursor.take_punct(':').is_some() {}
        let Some(segment) = cursor.take_ident(|_| true) else { return false };
        if cursor.is_empty() {
            return SMALL.contains(&segment.to_string().as_str());
        }
        if cursor.peek().is_some_and(|token| is_punct(token, '<')) {
            let arguments = cursor.take_angle_brackets();
            return cursor.is_empty()
                && (segment == "NonNull" || segment == "Option" && is_small(&without_ends(arguments)));
        }
    }
}

/// The tokens without the first and the last one: the inside of angle brackets.
fn without_ends(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<_> = tokens.into_iter().collect();
    tokens.get(1..tokens.len().saturating_sub(1)).unwrap_or_default().iter().cloned().collect()
}

/// Whether the type of an argument can be written a second time. `impl Trait` would be another type there, and so might be what
/// a macro makes.
pub fn can_be_named(ty: &TokenStream) -> bool {
    !contains(ty, &|pair| {
        is_ident(&pair[0], "impl") || matches!(pair, [TokenTree::Ident(_), bang] if is_punct(bang, '!'))
    })
}

/// Whether the type has no size, which rustc refuses.
pub fn is_unsized(ty: &TokenStream) -> bool {
    let tokens: Vec<_> = ty.clone().into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Group(group)] => {
            group.delimiter() == Delimiter::Bracket && !group.stream().into_iter().any(|token| is_punct(&token, ';'))
        }
        [only] => is_ident(only, "str"),
        [first, ..] => is_ident(first, "dyn"),
        [] => false,
    }
}

/// Whether the type says `impl Trait` somewhere.
pub fn has_impl_trait(ty: &TokenStream) -> bool {
    contains(ty, &|pair| is_ident(&pair[0], "impl"))
}

/// Whether a token together with the one after it, if there is one, is what is `wanted`; also within groups.
fn contains(ty: &TokenStream, wanted: &dyn Fn(&[TokenTree]) -> bool) -> bool {
    let tokens: Vec<_> = ty.clone().into_iter().collect();
    (0..tokens.len()).any(|at| {
        let inside = matches!(&tokens[at], TokenTree::Group(group) if contains(&group.stream(), wanted));
        inside || wanted(&tokens[at..tokens.len().min(at + 2)])
    })
}

/// The type with its lifetimes left to inference, so that a lifetime counts as used no more often than the user used it
/// (`clippy::needless_lifetimes`). Types that bind lifetimes of their own stay as they are.
pub fn with_inferred_lifetimes(ty: &TokenStream) -> TokenStream {
    if binds_lifetimes(ty) { ty.clone() } else { infer_lifetimes(ty.clone()) }
}

fn binds_lifetimes(ty: &TokenStream) -> bool {
    ty.clone().into_iter().any(|token| match &token {
        TokenTree::Ident(word) => ["fn", "for", "Fn", "FnMut", "FnOnce"].contains(&word.to_string().as_str()),
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace || binds_lifetimes(&group.stream()),
        _ => false,
    })
}

fn infer_lifetimes(ty: TokenStream) -> TokenStream {
    let mut after_quote = false;
    ty.into_iter()
        .map(|token| {
            let is_lifetime = std::mem::replace(&mut after_quote, is_punct(&token, '\''));
            match token {
                TokenTree::Ident(name) if is_lifetime => TokenTree::Ident(proc_macro2::Ident::new("_", name.span())),
                TokenTree::Group(group) => TokenTree::Group(infer_in_group(&group)),
                other => other,
            }
        })
        .collect()
}

fn infer_in_group(group: &Group) -> Group {
    let mut inferred = Group::new(group.delimiter(), infer_lifetimes(group.stream()));
    inferred.set_span(group.span());
    inferred
}
