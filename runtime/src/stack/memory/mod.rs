//! Memory for system stacks: one facade, one file for each family of systems.
//!
//! `STATIC_MAY_BE_STACK` says whether code may run on a stack in static memory, which the cold path does when nothing can be mapped.

#[cfg(all(unix, not(any(miri, target_family = "wasm"))))]
mod unix;
#[cfg(all(unix, not(any(miri, target_family = "wasm"))))]
pub(crate) use unix::{
    LEAST_GUARD_BYTES, STATIC_MAY_BE_STACK, SUPPORTED, give_back, has_place_below, lowest_touched, map, page_bytes,
    unmap,
};

#[cfg(any(windows, test))]
mod place;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{
    LEAST_GUARD_BYTES, STATIC_MAY_BE_STACK, SUPPORTED, allocation_base, commit, fields, give_back, has_place_below,
    lowest_touched, map, page_bytes, unmap,
};

#[cfg(not(any(all(unix, not(any(miri, target_family = "wasm"))), windows)))]
mod unsupported;
#[cfg(not(any(all(unix, not(any(miri, target_family = "wasm"))), windows)))]
pub(crate) use unsupported::{
    LEAST_GUARD_BYTES, STATIC_MAY_BE_STACK, SUPPORTED, give_back, has_place_below, lowest_touched, map, page_bytes,
    unmap,
};
