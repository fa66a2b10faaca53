//! The attribute of `guarded-callback`. Depend on that crate, which re-exports it.
//!
//! The way of an annotated item: `attribute.rs` tells it in order. `parse/` reads the options and
//! the item, `check.rs` holds the rules, `expand/` writes the shim and cannot fail. The body of a
//! function stays the tokens that it is: nothing here looks into it.

#![forbid(unsafe_code)]

mod attribute;
mod check;
mod errors;
mod expand;
mod parse;

use proc_macro::TokenStream;

/// Runs the body of a function with room, whatever stack C calls it on.
///
/// Apart from the stack that its body runs on, the function stays what it is: its ABI, its symbol,
/// its attributes, the order of drops, what a panic does.
///
/// ```
/// use std::ffi::{c_int, c_void};
/// use guarded_callback::guarded_callback;
/// # struct Order;
/// # impl Order { fn compare(&mut self, left: c_int, right: c_int) -> c_int { left - right } }
///
/// /// Called by a library, on threads and stacks that the library chooses.
/// #[guarded_callback(reserve = "256 KiB", fallback = -1)]
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
/// | `reserve` | how much stack the body has free when it starts | `"128 KiB"` |
/// | `switch` | when it switches: `when_low`, `always`, `never` | `when_low`, or the process's |
/// | `foreign` | what to do on a coroutine's stack: `switch`, `stay` | `switch`, or the process's |
/// | `fallback` | what C gets when the body panics or no stack can be had | none |
/// | `crate` | the path of the runtime crate | `::guarded_callback` |
/// | `skip` | no value: leaves the item alone, see [below](#on-a-whole-impl-or-mod) | |
///
/// Each stands at most once, in any order. `Settings` changes the defaults of a whole process.
///
/// ## `reserve`
///
/// Either a string with a whole number and a unit, `B`, `KiB`, `MiB` or `GiB` (`"64 KiB"`), or a
/// constant expression of type `usize` in bytes (`65536`, `64 * 1024`, `MY_RESERVE`). Zero and
/// absurdly large sizes are compile errors; those of constants show when the crate is built, not
/// when it is only checked. An expression that names `Self` or a generic parameter of the function
/// works as well, and takes the slower way through the runtime; generic parameters of an `impl`
/// block must be written as `Self::..` to be seen.
///
/// ## `switch`
///
/// - `when_low`: the body runs where C called, when that is the thread's own stack, a registered
///   one, the alternate signal stack or one of the runtime's, and has room, and on a system stack
///   otherwise.
/// - `always`: the body runs on a system stack. A callback that arrives while its thread already is
///   on one, with room, stays there.
/// - `never`: the body runs where C called. Without room, or on a foreign stack where it may not
///   stay, C gets the fallback, or the process aborts.
///
/// ## `foreign`
///
/// A foreign stack is one whose bounds the runtime does not know: a coroutine's, a fiber's.
///
/// - `switch`: the body runs on a system stack, since nobody can tell how much room is left.
/// - `stay`: the body runs where C called, as without the attribute. For hosts that run extensions
///   on fibers and scan or check the fiber's stack. The thread's own stack is still guarded.
///
/// `switch = never, foreign = stay` with a small `reserve` only checks: the body never leaves its
/// stack, and too little room is a fallback or one line of text instead of an overflow.
///
/// ## `fallback`
///
/// An expression of the return type, `()` included. It is evaluated only when it is needed: when
/// the body has panicked, on the stack that it ran on, or when no stack could be had, on the one
/// that C called on. It may use parameters whose type is `Copy` and whose pattern is a plain name.
/// Arguments that the body never got are dropped.
///
/// Without it a panic behaves as usual (it aborts in `extern "C"` and unwinds in
/// `extern "C-unwind"`), and the process aborts with a message where no stack can be had. A
/// function that returns `!` takes no fallback.
///
/// ## `crate`
///
/// The path to `guarded_callback` where the dependency is renamed or re-exported:
/// `crate = my_library::guarded_callback`. In a `macro_rules!` macro that others use, write
/// `crate = $crate::guarded_callback`.
///
/// # What it applies to
///
/// Every function with a body: free, nested, associated, with and without `self`, in an `impl` of a
/// trait, or provided by a trait; `unsafe`; generic, with lifetimes, `impl Trait` and `where`
/// clauses; any pattern as a parameter; vectors; `-> !`; any ABI, such as `"C"`, `"C-unwind"`,
/// `"system"`, `"win64"`, and Rust's own, for functions that a framework wraps by itself
/// (`#[pyfunction]` above or below it). Other attributes stay on the function, those on parameters
/// as well, with `#[cfg]` among them. An attribute macro that adds code to the body belongs above
/// this one, so that its code has the room as well.
///
/// Refused with an error that says what to write: `async`, `const`, C-variadic and naked functions;
/// functions that track their caller; functions without a body; items that are not functions;
/// unknown, repeated and ill-typed options. The function itself is there all the same, so that no
/// errors follow from its absence.
///
/// # On a whole `impl` or `mod`
///
/// On an `impl` block or a `mod name { .. }` the attribute applies to every function inside that
/// says `extern` and that it could be put on, with the same options; in a module also to those in
/// nested modules, `impl`s and traits. The others stay as they are. A function inside that carries
/// the attribute itself, under its own name, has its own options, and with
/// `#[guarded_callback(skip)]` none: it is left alone, as is a nested block with it.
///
/// What macros inside expand to is not seen. A macro whose tokens hold an `extern` function is an
/// error: the attribute belongs on that function, or `#[guarded_callback(skip)]` on the macro.
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
///     extern "C" fn quick(&self) -> u32 { /* left alone */ 1 }
/// }
/// # let mut handler = Handler;
/// # handler.on_event(Event);
/// # handler.helper();
/// # assert_eq!(handler.quick(), 1);
/// ```
///
/// # Turned off
///
/// With `RUSTFLAGS="--cfg guarded_callback_off"` the attribute does nothing: every function is
/// compiled as it is written. A library leaves the choice to its users with a feature of its own:
/// `#[cfg_attr(feature = "guarded", guarded_callback)]`.
///
/// # Lints and messages
///
/// Clippy sees the function as it is written. Lints of rustc fire as without the attribute, at your
/// code. But `unconditional_recursion` fires in clippy alone, `unused_assignments` also at what is
/// assigned to `mut self` and never read, and `closure_returning_async_block`, where it is on, at a
/// function that returns an `async` block. The body is a closure in the function: a few errors of
/// rustc speak of a closure, `type_name` of an item in it tells of one, and the parameters of a
/// closure that is returned as `impl Fn(..)` need their types. A closure that returns what it
/// borrows, and what a macro writes as return type, cannot be `impl Trait`.
#[proc_macro_attribute]
pub fn guarded_callback(options: TokenStream, item: TokenStream) -> TokenStream {
    attribute::guarded_callback(options.into(), item.into()).into()
}
