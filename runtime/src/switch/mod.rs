//! Leaving a stack for another one and coming back: one file for each architecture and calling convention.
//!
//! The contract of every file:
//!
//! - `call_on_stack(argument, function, top, left_at)` writes SP to `left_at`, calls `function(argument)` with SP at `top`
//!   (aligned to 16) and returns when it returns. Unwinders, debuggers and frame-pointer walkers cross it in both directions of addresses.
//! - `stack_pointer()` tells SP, or an address in the caller's frame.
//! - `SUPPORTED` says whether switching is possible at all.

#[cfg(all(target_arch = "x86_64", not(windows), not(miri)))]
mod x86_64;
#[cfg(all(target_arch = "x86_64", not(windows), not(miri)))]
pub(crate) use x86_64::{SUPPORTED, call_on_stack, stack_pointer};

#[cfg(not(all(target_arch = "x86_64", not(windows), not(miri))))]
mod unsupported;
#[cfg(not(all(target_arch = "x86_64", not(windows), not(miri))))]
pub(crate) use unsupported::{SUPPORTED, call_on_stack, stack_pointer};
