//! One body for each shape, and for each body a callback of every variant.

use core::ffi::{c_int, c_void};

use guarded_callback::guarded_callback;

use crate::limit::{limit_check, limit_switch};
use crate::peers::{self, Reused};
use crate::{Function, Shape, Variant};

/// `struct reading` of calls.c.
#[repr(C)]
#[derive(Clone, Copy)]
struct Reading {
    number: u64,
    value: f64,
    flags: [u64; 3],
}

/// Writes all variants of one callback. Variants that carry the arguments along in their registers
/// by hand are only for shapes marked `in registers`.
macro_rules! variants {
    (
        mod $name:ident, ($first:ident: $first_type:ty, $($arg:ident: $type:ty),*)
            -> $result:ty $body:block
        $($in_registers:ident)?
    ) => {
        #[allow(clippy::too_many_arguments, reason = "one of the shapes is about that")]
        mod $name {
            use super::*;

            #[inline(always)]
            fn body($first: $first_type, $($arg: $type),*) -> $result $body

            extern "C" fn plain($first: $first_type, $($arg: $type),*) -> $result {
                body($first, $($arg),*)
            }
            #[guarded_callback(switch = when_low)]
            extern "C" fn when_low($first: $first_type, $($arg: $type),*) -> $result {
                body($first, $($arg),*)
            }
            #[guarded_callback(switch = when_low, fallback = 0)]
            extern "C" fn when_low_fallback($first: $first_type, $($arg: $type),*) -> $result {
                body($first, $($arg),*)
            }
            #[guarded_callback(switch = always)]
            extern "C" fn always($first: $first_type, $($arg: $type),*) -> $result {
                body($first, $($arg),*)
            }
            #[guarded_callback(switch = always, fallback = 0)]
            extern "C" fn always_fallback($first: $first_type, $($arg: $type),*) -> $result {
                body($first, $($arg),*)
            }
            /// Has methods, which take the compiled way.
            #[repr(transparent)]
            struct Receiver($first_type);

            impl Receiver {
                #[guarded_callback(switch = when_low)]
                extern "C" fn when_low(self, $($arg: $type),*) -> $result {
                    body(self.0, $($arg),*)
                }
                #[guarded_callback(switch = always)]
                extern "C" fn always(self, $($arg: $type),*) -> $result {
                    body(self.0, $($arg),*)
                }
                #[guarded_callback(switch = always, fallback = 0)]
                extern "C" fn always_fallback(self, $($arg: $type),*) -> $result {
                    body(self.0, $($arg),*)
                }
            }

            #[guarded_callback(switch = when_low)]
            extern "C-unwind" fn when_low_unwind($first: $first_type, $($arg: $type),*) -> $result {
                body($first, $($arg),*)
            }
            #[guarded_callback(switch = never)]
            extern "C" fn never($first: $first_type, $($arg: $type),*) -> $result {
                body($first, $($arg),*)
            }
            #[guarded_callback(switch = never, fallback = 0)]
            extern "C" fn never_fallback($first: $first_type, $($arg: $type),*) -> $result {
                body($first, $($arg),*)
            }
            extern "C" fn maybe_grow($first: $first_type, $($arg: $type),*) -> $result {
                stacker::maybe_grow(peers::RESERVE_BYTES, peers::STACK_BYTES, || {
                    body($first, $($arg),*)
                })
            }
            extern "C" fn grow($first: $first_type, $($arg: $type),*) -> $result {
                stacker::grow(peers::STACK_BYTES, || body($first, $($arg),*))
            }
            #[recursive::recursive]
            extern "C" fn recursive($first: $first_type, $($arg: $type),*) -> $result {
                body($first, $($arg),*)
            }
            extern "C" fn psm($first: $first_type, $($arg: $type),*) -> $result {
                // SAFETY: nobody else uses the stack meanwhile, as the benchmark calls these on one
                // thread, and the body does not unwind.
                unsafe {
                    ::psm::on_stack(Reused::low(), peers::STACK_BYTES, || body($first, $($arg),*))
                }
            }
            extern "C" fn corosensei($first: $first_type, $($arg: $type),*) -> $result {
                ::corosensei::on_stack(Reused, || body($first, $($arg),*))
            }
            limit_check!(limit, plain, ($first: $first_type, $($arg: $type),*) -> $result);

            pub(super) fn function(variant: Variant) -> Option<Function> {
                Some(match variant {
                    Variant::Plain => plain as Function,
                    Variant::WhenLow => when_low as Function,
                    Variant::WhenLowFallback => when_low_fallback as Function,
                    Variant::Always => always as Function,
                    Variant::AlwaysFallback => always_fallback as Function,
                    Variant::WhenLowCompiled => Receiver::when_low as Function,
                    Variant::AlwaysCompiled => Receiver::always as Function,
                    Variant::AlwaysFallbackCompiled => Receiver::always_fallback as Function,
                    Variant::WhenLowUnwind => when_low_unwind as Function,
                    Variant::Never => never as Function,
                    Variant::NeverFallback => never_fallback as Function,
                    Variant::MaybeGrow => maybe_grow as Function,
                    Variant::Grow => grow as Function,
                    Variant::Recursive => recursive as Function,
                    Variant::Psm => psm as Function,
                    Variant::Corosensei => corosensei as Function,
                    Variant::LimitCheck => return limit(),
                    Variant::LimitSwitch => return switch(),
                })
            }

            variants!(@switch $($in_registers)? ($first: $first_type, $($arg: $type),*) -> $result);
        }
    };
    (@switch in_registers ($($arg:ident: $type:ty),*) -> $result:ty) => {
        limit_switch!(switch, plain, ($($arg: $type),*) -> $result);
    };
    (@switch ($($arg:ident: $type:ty),*) -> $result:ty) => {
        fn switch() -> Option<Function> {
            None
        }
    };
}

variants! { mod tiny, (_user: *mut c_void, value: u64) -> u64 {
    value ^ (value << 1) ^ 1
} in_registers }

/// How many dependent multiplications take about 20 ns at 3 to 4 GHz, at three cycles and two for
/// the rest.
const SHORT_STEPS: u32 = 15;

variants! { mod short, (_user: *mut c_void, value: u64) -> u64 {
    let mut value = value;
    for _ in 0..SHORT_STEPS {
        value = core::hint::black_box(value.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (value >> 29));
    }
    value
} in_registers }

variants! { mod sort, (a: *const c_void, b: *const c_void) -> c_int {
    // SAFETY: qsort passes pointers to two elements of the array, which are C ints.
    let (a, b) = unsafe { (*a.cast::<c_int>(), *b.cast::<c_int>()) };
    c_int::from(a > b) - c_int::from(a < b)
} in_registers }

variants! { mod reading, (_user: *mut c_void, reading: Reading) -> u64 {
    reading.number ^ reading.value.to_bits() ^ reading.flags[2]
} }

variants! { mod eight,
(_user: *mut c_void, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64) -> u64 {
    // Not one operation for all: the compiler would take the arguments together in vectors where it
    // finds them in memory, as it cannot in the plain callback.
    (((b ^ c).wrapping_add(d) ^ e).wrapping_add(f) ^ g).wrapping_add(h)
} }

pub(crate) fn function(shape: Shape, variant: Variant) -> Option<Function> {
    match shape {
        Shape::Tiny => tiny::function(variant),
        Shape::Short => short::function(variant),
        Shape::Sort => sort::function(variant),
        Shape::Reading => reading::function(variant),
        Shape::Eight => eight::function(variant),
    }
}
