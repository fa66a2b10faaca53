//! A callback with more arguments than travel in registers, in every mode.

use core::ffi::{c_int, c_void};

use guarded_callback::guarded_callback;

use crate::{CCallback, Mode};

/// `struct five` of registers.c.
#[repr(C)]
#[derive(Clone, Copy)]
struct Five([i64; 5]);

/// How many of the arguments are not what C has passed, but for the last: a payload to panic with,
/// if it is not null.
macro_rules! many {
    ($($(#[$attribute:meta])* $name:ident)*) => { $(
        $(#[$attribute])*
        #[allow(clippy::too_many_arguments, reason = "that is the point")]
        extern "C-unwind" fn $name(
            a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, i: i64, j: i64,
            five: Five, payload: *const c_void,
        ) -> c_int {
            if !payload.is_null() {
                // SAFETY: the tests pass a number.
                std::panic::panic_any(unsafe { *payload.cast::<u64>() });
            }
            let Five([k, l, m, n, o]) = five;
            let passed = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o];
            passed.into_iter().zip(1..).filter(|(number, expected)| number != expected).count()
                as c_int
        }
    )* };
}

many! {
    plain
    #[guarded_callback(switch = always)]
    always
    #[guarded_callback(switch = when_low)]
    when_low
}

/// For `c_call_with_many`.
#[must_use]
pub fn of(mode: Mode) -> CCallback {
    CCallback(match mode {
        Mode::Plain => plain as *const c_void,
        Mode::Always => always as *const c_void,
        Mode::WhenLow => when_low as *const c_void,
    })
}
