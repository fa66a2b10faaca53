//! What the runtime knows of a callback: its name, the room it asked for, and how it may switch.

use crate::settings;
use crate::stack::SYSTEM_STACK_BYTES;

/// The reserve of a callback that names none: 128 KiB, as much as a whole thread of musl.
pub const DEFAULT_STACK_BYTES: usize = 128 * 1024;

/// What lies between the SP that the shim looks at and the first frame of the body: our own frames on either stack.
const OWN_FRAMES_BYTES: usize = 1024;

/// How often a debug build copies an argument or a result on its way between shim and body.
const COPIES: usize = 3;

/// The largest reserve: a quarter of the address space, beyond which no mapping can succeed.
const LARGEST_STACK_BYTES: usize = usize::MAX / 4;

/// When a body leaves the stack that C called it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As [`Settings::switch_by_default`](crate::Settings::switch_by_default) says: when the guard says that the
    /// room is low, unless the process chose otherwise.
    Default,
    /// In place where the guard says that there is room, on a system stack otherwise.
    WhenLow,
    /// On a system stack, whatever the guard says.
    Always,
    /// In place where the guard says that there is room, not at all otherwise.
    Never,
}

/// The constant part of one callback. The attribute makes a `static` one for each annotated function.
#[derive(Debug)]
pub struct Callback {
    /// The path of the function, for messages.
    pub(crate) name: &'static str,
    /// The reserve: bytes that the body has free when it starts.
    pub(crate) reserve_bytes: usize,
    pub(crate) mode: Mode,
    /// Whether C gets a declared value when no stack can be had; without one the process aborts.
    pub(crate) has_fallback: bool,
    /// Whether the ABI lets panics and exceptions through ("C-unwind" and its like).
    pub(crate) unwinds: bool,
}

impl Callback {
    /// Describes a callback; `reserve_bytes` has been through [`stack_bytes`] or is the default.
    #[must_use]
    pub const fn new(name: &'static str, reserve_bytes: usize, mode: Mode, has_fallback: bool, unwinds: bool) -> Self {
        Self { name, reserve_bytes, mode, has_fallback, unwinds }
    }

    /// Whether its activations are dead when the thread calls back from above them: under `switch = always` they may be
    /// suspended in coroutines carved out of the thread's own stack.
    #[inline(always)]
    pub(crate) fn is_by_order(&self) -> bool {
        let by_default = matches!(self.mode, Mode::Default) && settings::switch_by_default();
        !(matches!(self.mode, Mode::Always) || by_default)
    }

    /// Bytes that must be free below the SP in the shim, for arguments and a result of so many bytes.
    #[must_use]
    #[inline(always)]
    pub const fn needed_with(&self, value_bytes: usize) -> usize {
        self.reserve_bytes + OWN_FRAMES_BYTES + COPIES * value_bytes
    }

    /// What callbacks with the default reserve and small arguments need at most.
    pub const USUAL_NEED_BYTES: usize = DEFAULT_STACK_BYTES + OWN_FRAMES_BYTES + COPIES * 160;

    /// Whether the callback can be taken for one that needs [`USUAL_NEED_BYTES`](Self::USUAL_NEED_BYTES).
    #[must_use]
    pub const fn has_usual_need(&self, value_bytes: usize) -> bool {
        self.reserve_bytes == DEFAULT_STACK_BYTES && self.needed_with(value_bytes) <= Self::USUAL_NEED_BYTES
    }

    /// Whether the body may run on the thread stack. Where the process switches by default the front sees none.
    #[must_use]
    pub const fn stays_on_thread_stack(&self) -> bool {
        !matches!(self.mode, Mode::Always)
    }

    /// Whether C gets a declared value when the body panics or has no stack.
    #[must_use]
    pub const fn has_fallback(&self) -> bool {
        self.has_fallback
    }

    /// Whether the front may change stacks. It has no way to mark the stack idle when something unwinds out of the body, and AddressSanitizer has
    /// to hear of each change: both is for the general way.
    #[must_use]
    pub const fn may_switch(&self) -> bool {
        !matches!(self.mode, Mode::Never) && !self.unwinds && !cfg!(feature = "asan")
    }
}

/// Checks a reserve at compile time.
///
/// # Panics
/// When `bytes` is zero, or more than a quarter of the address space.
#[must_use]
pub const fn stack_bytes(bytes: usize) -> usize {
    assert!(bytes > 0, "`stack` must be at least 1 byte: the body needs some room to run in");
    assert!(bytes <= LARGEST_STACK_BYTES, "`stack` is larger than any stack that could be mapped");
    bytes
}

// A body with the default reserve must fit a system stack of the default size.
const _: () = assert!(DEFAULT_STACK_BYTES * 2 <= SYSTEM_STACK_BYTES);
