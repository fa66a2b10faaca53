//! Memory for system stacks: one facade, one file for each family of systems.
//!
//! - `reserve(bytes, align, hint)` takes addresses, which cannot be accessed, and `release` gives
//!   them back. `open(low, bytes)` makes a part of them readable and writable, but for what
//!   `guard(low, bytes)` was called for before.
//! - `map_pages(bytes)` takes memory for tables.
//! - `prepare()` is called while the program or library is loaded, on ELF systems.
//! - `give_back(low, bytes)` gives the memory of a part back and keeps its addresses.
//! - `lowest_touched(low, high)` tells the lowest page that was used, and `lowest_resident` the
//!   lowest that takes memory, which on some systems it does after `give_back` as well.
//! - Errors are codes of the system's; `NO_MEMORY` is that for want of addresses or memory.
//! - `STATIC_MAY_BE_STACK`: whether code may run on a stack in static memory.
//!
//! Windows maps a whole stack at once (`map_stack`), since the kernel grows it page by page.

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(known_unix)] {
        #[path = "unix.rs"]
        mod imp;
        #[allow(unused_imports, reason = "for ELF systems")]
        pub(crate) use imp::prepare;
    } else {
        #[cfg_attr(windows, path = "windows.rs")]
        #[cfg_attr(not(windows), path = "none.rs")]
        mod imp;
    }
}
#[cfg(windows)]
mod place;

pub(crate) use imp::{
    NO_MEMORY, STATIC_MAY_BE_STACK, SUPPORTED, give_back, lowest_resident, lowest_touched,
    map_pages, open, page_bytes, release,
};
#[cfg(windows)]
pub(crate) use imp::{allocation_base, commit, has_place_below, map_stack};
#[cfg(not(windows))]
pub(crate) use imp::{first_hint, guard, reserve};
