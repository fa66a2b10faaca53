//! What the attribute does, for closures.

use crate::callback::{Callback, DEFAULT_STACK_BYTES, Mode, stack_bytes};
use crate::enter::guard;
use crate::{switch, thread};

/// How [`call_guarded`] runs a closure: the name for messages, the reserve, and when to switch.
#[derive(Debug)]
pub struct Options(Callback);

impl Options {
    /// The defaults of the attribute: 128 KiB, switch when low.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Callback::new(name, DEFAULT_STACK_BYTES, Mode::Default, false, true))
    }

    /// The reserve: how many bytes the closure has free when it starts.
    ///
    /// # Panics
    /// When `bytes` is zero or more than a quarter of the address space.
    #[must_use]
    pub const fn stack(self, bytes: usize) -> Self {
        Self(Callback::new(self.0.name, stack_bytes(bytes), self.0.mode, false, true))
    }

    /// When the closure leaves the stack it is called on.
    #[must_use]
    pub const fn switch(self, mode: Mode) -> Self {
        Self(Callback::new(self.0.name, self.0.reserve_bytes, mode, false, true))
    }
}

/// Runs `call` with the room that `options` ask for: in place or on a system stack.
///
/// Where no stack can be had the process aborts with one line that says why.
///
/// # Panics
/// With the panics of `call`, which cross the switch.
///
/// ```
/// use guarded_callback::{Mode, Options, call_guarded, on_system_stack};
/// static DEEP: Options = Options::new("deep").stack(1 << 20).switch(Mode::Always);
/// assert!(call_guarded(&DEEP, on_system_stack));
/// ```
pub fn call_guarded<R>(options: &'static Options, call: impl FnOnce() -> R) -> R {
    guard(&options.0, 0, call)
}

/// Does the work of a thread's first callback now: before a signal handler, a sandbox or a real-time deadline would
/// meet it.
///
/// Afterwards the thread holds a system stack, and callbacks on it are async-signal-safe as far as the runtime is concerned. The
/// bounds of the thread's stack are taken anew, so that this also takes up an RLIMIT_STACK which was changed since; and so are those of
/// its alternate signal stack, which handlers that call back must not lose to the next signal: call this after `sigaltstack(2)`.
///
/// On a thread with an alternate signal stack callbacks take the general way to a system stack from then on, which costs some nanoseconds
/// more (`cargo run --release -p benches -- speed` shows it for callbacks with `fallback`, which always take it).
///
/// ```
/// guarded_callback::prepare_thread();
/// ```
pub fn prepare_thread() {
    static PREPARE: Options = Options::new("guarded_callback::prepare_thread").switch(Mode::Always);
    let sp = switch::stack_pointer();
    call_guarded(&PREPARE, || thread::refresh(sp));
}
