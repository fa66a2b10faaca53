//! The attribute of `guarded-callback`. Depend on that crate, which re-exports it.
//!
//! The way of an annotated item: `attribute.rs` tells it in order. `options.rs` and `item.rs` parse, `check.rs` holds the rules, `expand.rs`
//! writes the shim and cannot fail, `fallback.rs` is what goes out beside an error. The body of a function stays the tokens that it
//! is: nothing here looks into it.

mod attribute;
mod check;
mod errors;
mod expand;
mod parse;

use proc_macro::TokenStream;

/// Runs the body of an `extern` function with room, whatever stack C calls it on.
///
/// Apart from the stack that its body runs on, the function stays what it is: its ABI, its symbol, its attributes, the order of
/// drops, what a panic does.
///
/// ```
/// use std::ffi::{c_int, c_void};
/// use guarded_callback::guarded_callback;
/// # struct Order;
/// # impl Order { fn compare(&mut self, left: c_int, right: c_int) -> c_int { left - right } }
///
/// /// Called by a library, on threads and stacks that the library chooses.
/// #[guarded_callback(stack = "256 KiB", fallback = -1)]
/// unsafe extern "C" fn compare(context: *mut c_void, left: c_int, right: c_int) -> c_int {
///     // At least 256 KiB are free here.
///     let order = unsafe { &mut *context.cast::<Order>() };
///     order.compare(left, right)
/// }
/// # let context: *mut Order = &mut Order;
/// # assert_eq!(unsafe { compare(context.cast(), 5, 3) }, 2);
/// ```
///
/// # Options
///
/// | option | value | default |
/// |---|---|---|
/// | `stack` | the reserve: how much the body has free when it starts | `"128 KiB"` |
/// | `switch` | when the body leaves the stack that C called on: `when_low`, `always`, `never` | `when_low`, unless the process's settings say otherwise |
/// | `fallback` | what C gets when the body panics or no stack can be had | none |
/// | `crate` | the path of the runtime crate | `::guarded_callback` |
/// | `skip` | no value: leaves the item alone, see [below](#on-a-whole-impl-or-mod) | |
///
/// Each stands at most once, in any order.
///
/// ## `stack`
///
/// Either a string with a whole number and a unit, `B`, `KiB` or `MiB` (`"64 KiB"`, `"1MiB"`), or a constant expression of type `usize`
/// in bytes (`65536`, `64 * 1024`, `MY_RESERVE`, `Self::RESERVE`). Zero and absurdly large sizes are compile errors; those of constants
/// show when the crate is built, not when it is only checked.
///
/// The size of arguments that are handed to the body by address comes on top, and need not be counted in.
///
/// ## `switch`
///
/// - `when_low`: the body runs where C called, when that is the thread's own stack (or one of the runtime's) and has room, and on a
///   system stack otherwise. Hosts that check where their stack is meet a switch only where the process would have died.
/// - `always`: the body runs on a system stack. A callback that arrives while its thread already is on one, with room, stays there.
/// - `never`: the body runs where C called. Without room C gets the fallback, or the process aborts.
///
/// ## `fallback`
///
/// An expression of the return type, `()` included. It is evaluated only when it is needed: when the body has panicked, on the stack that
/// it ran on, or when no stack could be had, on the one that C called on. It may use parameters whose type is `Copy` and whose pattern is a plain
/// name. Arguments that the body never got are dropped.
///
/// Without it a panic does what it does without the attribute (it aborts in `extern "C"` and unwinds in `extern "C-unwind"`), and the
/// process aborts with a message where no stack can be had. A function that returns `!` takes no fallback.
///
/// ## `crate`
///
/// The path to `guarded_callback` where the dependency is renamed or re-exported: `crate = my_library::guarded_callback`. In a
/// `macro_rules!` macro that others use, write `crate = $crate::guarded_callback`.
///
/// # What it applies to
///
/// Every function with a body and an ABI that C can call: free, nested, associated, with and without `self`, in an `impl` of a trait,
/// or provided by a trait; `unsafe`; generic, with lifetimes, `impl Trait` parameters and `where` clauses; any pattern as a
/// parameter; `-> !`; any ABI that is written out, such as `"C"`, `"C-unwind"`, `"system"`, `"win64"` (`extern fn` counts as `"C"`). Other
/// attributes stay on the function, those on parameters as well, with `#[cfg]` among them.
///
/// On x86_64 Linux the body may become a function inside of the function, where its tokens do not tell of an `impl` block or a trait around
/// (the guide's "how it works" has the rule). Where it depends on parameters of an
/// `impl` block that are written in lower case, against the lint, or that it does not write (in a bound such as `where i32: Into<T>`), that does not
/// compile: there the attribute belongs on the block.
///
/// Refused with an error that says what to write: functions without `extern`, or with `extern "Rust"`; `async`, `const`, C-variadic and
/// naked functions; functions without a body; items that are not functions; unknown, repeated and ill-typed options. The
/// function itself is there all the same, so that no errors follow from its absence.
///
/// # On a whole `impl` or `mod`
///
/// On an `impl` block or a `mod name { .. }` the attribute applies to every function inside that it could be put on, with the same options;
/// in a module also to those in nested modules, `impl`s and traits. The others stay as they are. A function inside that
/// carries the attribute itself, under its own name, has its own options, and with `#[guarded_callback(skip)]` none: it is left alone, as is a nested block with it.
/// What macros inside expand to is not seen.
///
/// ```
/// # use guarded_callback::{guarded_callback, on_system_stack};
/// # #[repr(C)] struct Event;
/// # struct Handler;
/// #[guarded_callback(switch = always)]
/// impl Handler {
///     extern "C" fn on_event(&mut self, event: Event) { assert!(on_system_stack()) }
///     fn helper(&self) { /* Rust calls it: left alone */ }
///     #[guarded_callback(skip)]
///     extern "C" fn hot(&self) -> u32 { /* left alone */ 1 }
/// }
/// # let mut handler = Handler;
/// # handler.on_event(Event);
/// # handler.helper();
/// # assert_eq!(handler.hot(), 1);
/// ```
///
/// # Lints
///
/// Lints about your code fire as without the attribute, at your code. Two are known to be lost: `unconditional_recursion`, and
/// `clippy::needless_lifetimes` where the lifetime is in the return type. Two that are about types in the signature may be reported twice:
/// `deprecated` and `improper_ctypes_definitions`.
#[proc_macro_attribute]
pub fn guarded_callback(options: TokenStream, item: TokenStream) -> TokenStream {
    attribute::guarded_callback(options.into(), item.into()).into()
}
