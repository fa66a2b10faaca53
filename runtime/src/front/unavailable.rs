//! Targets without a front: every callback goes through `guard`.

/// No callback takes the front.
pub const AVAILABLE: bool = false;

/// Writes a `call_front` that nobody calls.
#[doc(hidden)]
#[macro_export]
macro_rules! __guarded_callback_front {
    ($mode:ident $abi:literal [$($parameter:ident: $ty:ident),*] $callback:ident $needed:ident) => {
        #[inline(always)]
        fn call_front<$($ty,)* R, F: $crate::__private::core::ops::FnOnce($($ty),*) -> R>(_: &F, $(_: $ty),*) -> R {
            $crate::__private::core::unreachable!()
        }
    };
}
