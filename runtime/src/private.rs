//! The one door for expanded code. Nothing here is for people: names and shapes follow the macro
//! crate, which is pinned to this version.

pub use core;

pub use crate::__guarded_callback_front as front;
pub use crate::__guarded_callback_function as function;
pub use crate::callback::{Callback, DEFAULT_STACK_BYTES, Mode, stack_bytes};
pub use crate::enter::{SMALL_RESULT_BYTES, caught, guard, guard_or, guard_told};
pub use crate::front::*;
pub use crate::lend::{Owed, lend};
pub use crate::thread::hot::USUAL_ROOM_BYTES;
