//! Nothing to say here, whatever is asked: what the attribute adds is not the user's.
#![warn(
    clippy::pedantic,
    clippy::nursery,
    clippy::cargo,
    unused,
    nonstandard_style,
    rust_2018_idioms,
    future_incompatible
)]
#![warn(
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    clippy::shadow_same,
    clippy::let_underscore_untyped
)]
#![warn(
    clippy::missing_docs_in_private_items,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::inline_asm_x86_att_syntax
)]
#![warn(
    clippy::absolute_paths,
    clippy::items_after_statements,
    clippy::let_underscore_must_use,
    clippy::semicolon_inside_block
)]
#![warn(
    clippy::missing_inline_in_public_items,
    clippy::min_ident_chars,
    clippy::single_char_lifetime_names,
    clippy::std_instead_of_core
)]
#![allow(clippy::cargo_common_metadata)]
// A callback with the attribute cannot be `const`.
#![allow(clippy::missing_const_for_fn)]

use guarded_callback::guarded_callback;
use std::ffi::c_int;

#[guarded_callback]
/// Adds.
#[must_use]
#[inline]
pub extern "C" fn small(left: c_int, right: c_int) -> c_int {
    left ^ right
}

#[guarded_callback(reserve = "64 KiB", fallback = -1)]
/// Takes all.
#[must_use]
#[inline]
pub extern "C" fn all(
    mut left: c_int,
    (first, second): (c_int, c_int),
    large: &[c_int; 99],
    list: Vec<c_int>,
) -> c_int {
    left ^= first;
    drop(list);
    left ^ second ^ large[1]
}

/// A value.
#[derive(Debug)]
pub struct Value(c_int);

impl Value {
    #[guarded_callback]
    /// Takes.
    #[must_use]
    #[inline]
    pub extern "C" fn take(self, text: &str) -> c_int {
        if text.is_empty() { 1 } else { self.0 }
    }

    #[guarded_callback]
    /// Does nothing.
    #[inline]
    pub extern "C" fn nothing(&self, list: Vec<c_int>) {
        drop(list);
    }
}

pub struct Receivers(pub c_int, pub String);

impl Receivers {
    #[guarded_callback]
    pub extern "C" fn by_value(self) -> c_int {
        self.0
    }

    #[guarded_callback]
    pub extern "C" fn boxed(self: Box<Self>) -> c_int {
        self.0
    }

    #[guarded_callback]
    pub extern "C" fn shared(self: std::rc::Rc<Self>) -> c_int {
        self.0 + 1
    }

    #[guarded_callback]
    pub extern "C" fn pinned(self: std::pin::Pin<&mut Self>) -> c_int {
        self.0
    }

    #[guarded_callback]
    pub extern "C" fn mutable(&mut self, by: c_int) {
        self.0 += by;
    }

    #[guarded_callback]
    pub fn with_rust_abi(&self, text: String, list: &Vec<u8>) -> usize {
        text.len() + list.len()
    }

    #[guarded_callback]
    pub fn not_used(&self) -> Result<usize, String> {
        return Ok(1);
    }
}

#[guarded_callback(fallback = text.len())]
pub fn free_with_rust_abi(text: &String, number: &u8, flag: Option<Option<bool>>) -> usize {
    let _ = (number, flag);
    text.len()
}

#[guarded_callback(fallback = given)]
pub extern "C" fn items_first(given: c_int) -> c_int {
    use std::convert::identity;
    macro_rules! one {
        () => {
            1
        };
    }
    const ONE: c_int = one!();
    extern "C" fn twice(of: c_int) -> c_int {
        of ^ ONE
    }
    identity(given) ^ twice(given)
}

#[guarded_callback(fallback = given)]
pub extern "C" fn items_of_other_kinds_first(given: c_int) -> c_int {
    pub fn more(of: c_int) -> c_int {
        of ^ 1
    }
    unsafe extern "C" fn twice(of: c_int) -> c_int {
        of ^ 2
    }
    unsafe { twice(more(given)) }
}

#[guarded_callback(fallback = -1)]
pub extern "C" fn block_of_a_constant() -> c_int {
    const { 1 }
}

#[guarded_callback(reserve = RESERVE, fallback = -1)]
pub extern "C" fn item_behind_a_statement(given: c_int) -> c_int {
    use std::convert::identity;
    let first = identity(given);
    const ONE: c_int = 1;
    first ^ ONE
}

/// The room.
pub const RESERVE: usize = 70_000;
