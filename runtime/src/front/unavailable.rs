//! Targets without a front: every callback goes through `guard`.

use core::ptr;

use crate::callback::Callback;
use crate::stack::Header;

/// Nobody but the general way makes records.
pub(crate) fn has_made(_record: usize) -> bool {
    false
}

/// No body was called by a front.
pub(crate) fn callback_on(_header: &Header) -> *const Callback {
    ptr::null()
}

/// Takes the general way.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_front {
    (
        static $callback:ident = $description:expr;
        extern $abi:literal $body:ident($($parameter:ident: $ty:ident = $value:expr),*)
        if small($($perhaps_large:ty),*) in_registers($($argument:ty),*; $result:ty) else $general:block
    ) => {{
        static $callback: $crate::__private::Callback = $description;
        $general
    }};
}

/// The function that is compiled.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_function {
    ({ $($naked:tt)* } { $($compiled:tt)* }) => {
        $($compiled)*
    };
}
