//! Callbacks to measure: every mode of the attribute, the alternatives, and what hand-written
//! assembly could do at best.
//!
//! This library is built twice, into the benchmark's executable and as a shared object that the
//! executable opens: thread-locals cost more in a shared object, and callbacks are often in one.
//! The functions `benches_*` are the way in.

mod bodies;
mod limit;
mod peers;

use core::ffi::c_void;
use core::ptr;

use guarded_callback::{Mode, Options, call_guarded, register_stack};

/// A function's address, as C loops take it.
pub type Function = *const c_void;

/// The signature and body of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Shape {
    /// Two arguments in registers, and a body of three instructions: what is measured is the call.
    Tiny,
    /// The same signature, and a body of about 20 ns.
    Short,
    /// The comparator of qsort.
    Sort,
    /// A structure of 40 bytes by value.
    Reading,
    /// Eight arguments, two of them on the stack.
    Eight,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Tiny, Self::Short, Self::Sort, Self::Reading, Self::Eight];
}

/// How a callback is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Variant {
    /// Not at all.
    Plain,
    /// `switch = when_low`
    WhenLow,
    /// `switch = when_low`, with a fallback
    WhenLowFallback,
    /// `switch = always`
    Always,
    /// `switch = always`, with a fallback
    AlwaysFallback,
    /// `switch = when_low`, a method: the compiled way
    WhenLowCompiled,
    /// `switch = always`, a method
    AlwaysCompiled,
    /// `switch = always`, a method, with a fallback
    AlwaysFallbackCompiled,
    /// `switch = when_low`, with an ABI that panics may leave
    WhenLowUnwind,
    /// `switch = never`
    Never,
    /// `switch = never`, with a fallback
    NeverFallback,
    /// `stacker::maybe_grow`
    MaybeGrow,
    /// `stacker::grow`
    Grow,
    /// `#[recursive::recursive]`
    Recursive,
    /// `psm::on_stack`, on a stack that is used again
    Psm,
    /// `corosensei::on_stack`, on a stack that is used again
    Corosensei,
    /// Hand-written: the comparison of SP alone
    LimitCheck,
    /// Hand-written: comparison and switch
    LimitSwitch,
}

impl Variant {
    const ALL: [Self; 18] = [
        Self::Plain,
        Self::WhenLow,
        Self::WhenLowFallback,
        Self::Always,
        Self::AlwaysFallback,
        Self::WhenLowCompiled,
        Self::AlwaysCompiled,
        Self::AlwaysFallbackCompiled,
        Self::WhenLowUnwind,
        Self::Never,
        Self::NeverFallback,
        Self::MaybeGrow,
        Self::Grow,
        Self::Recursive,
        Self::Psm,
        Self::Corosensei,
        Self::LimitCheck,
        Self::LimitSwitch,
    ];
}

/// The callback of a shape and a variant, given by their numbers; null where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn benches_function(shape: u32, variant: u32) -> Function {
    let shape = Shape::ALL.into_iter().find(|&known| known as u32 == shape);
    let variant = Variant::ALL.into_iter().find(|&known| known as u32 == variant);
    shape
        .zip(variant)
        .and_then(|(shape, variant)| bodies::function(shape, variant))
        .unwrap_or(ptr::null())
}

/// Calls `function` on a system stack of this object's runtime.
///
/// # Safety
/// `function` may be called with `argument`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn benches_on_system_stack(
    function: unsafe extern "C" fn(*mut c_void),
    argument: *mut c_void,
) {
    static ALWAYS: Options = Options::new("benches_on_system_stack").switch(Mode::Always);
    // SAFETY: the caller's promise.
    call_guarded(&ALWAYS, || unsafe { function(argument) });
}

/// Calls `function` while `low..high`, the stack it is called on, and 999 others are registered
/// with this object's runtime.
///
/// # Safety
/// `function` may be called with `argument`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn benches_on_registered_stack(
    low: usize,
    high: usize,
    function: unsafe extern "C" fn(*mut c_void),
    argument: *mut c_void,
) {
    // Where no program has anything.
    let others = (1..1000).map(|number| number * 32..number * 32 + 16);
    let ranges = others.chain(core::iter::once(low..high));
    let registered: Result<Vec<_>, _> = ranges.map(register_stack).collect();
    assert!(registered.is_ok(), "{registered:?}");
    // SAFETY: the caller's promise.
    unsafe { function(argument) };
}

/// Empties the pool of this object's runtime.
#[unsafe(no_mangle)]
pub extern "C" fn benches_trim() {
    guarded_callback::trim();
}
