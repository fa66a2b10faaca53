//! Callbacks from C that run with full stack, whatever stack C calls them on.

#![doc(test(attr(deny(warnings))))]

mod arrive;
mod bounds;
mod call;
mod callback;
mod enter;
mod errno;
mod front;
mod guard;
mod reclaim;
mod register;
mod report;
mod settings;
mod stack;
mod switch;
mod thread;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use bounds::{Source, StackBounds, on_system_stack, remaining_stack};
pub use call::{Options, call_guarded, prepare_thread};
pub use callback::Mode;
pub use enter::on_host_stack;
pub use guarded_callback_macros::guarded_callback;
pub use register::{RegisterError, Registration, register_stack};
pub use report::counters::{Stats, stats};
pub use report::map::StackMap;
pub use report::overflow::install_overflow_report;
pub use settings::{Settings, SettingsError};

/// Takes stacks that nothing lives on any more from the process's stores and gives their memory back to the system.
/// Returns how many stacks were unmapped.
///
/// Stacks that threads hold for their next callback stay.
///
/// ```
/// let unmapped = guarded_callback::trim();
/// # let _ = unmapped;
/// ```
pub fn trim() -> usize {
    stack::orphans::collect();
    stack::pool::drain()
}
