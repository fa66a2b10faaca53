//! The one door for expanded code. Nothing here is for people: names and shapes follow the macro
//! crate, which is pinned to this version.

pub use core;

pub use crate::callback::{Callback, DEFAULT_STACK_BYTES, Mode, stack_bytes};
pub use crate::enter::{guard, guard_or};
pub use crate::lend::{Owed, lend};
