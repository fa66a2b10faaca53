//! What the runtime knows of a callback: its name, the room it asks for, and how it may switch.

/// The reserve of a callback that names none: 128 KiB, as much as a whole thread of musl has.
pub const DEFAULT_RESERVE_BYTES: usize = 128 * 1024;

/// What lies between the SP that the shim looks at and the first frame of the body: frames of the
/// runtime on either stack.
const OWN_FRAMES_BYTES: usize = 1024;

/// How often an argument or a result is copied on its way between shim and body, most often in a
/// debug build with a fallback.
const COPIES: usize = if cfg!(debug_assertions) { 8 } else { 3 };

/// Arguments and a result of less than this count as this much, so that most callbacks need just
/// [`USUAL_BYTES`].
pub(crate) const USUAL_VALUE_BYTES: usize = 128;

/// What a callback with the default reserve needs, but for one with large arguments: the fast path
/// has an easy answer for those.
pub(crate) const USUAL_BYTES: usize = Callback::new("").needed_with(0);

/// The largest reserve: a quarter of the address space, beyond which no mapping can succeed.
const LARGEST_RESERVE_BYTES: usize = usize::MAX / 4;

/// When a body leaves the stack that C called it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As [`Settings::switch_by_default`](crate::Settings::switch_by_default) says: `WhenLow`
    /// unless the process chose otherwise.
    Default,
    /// In place where there is room for the reserve, on a system stack otherwise.
    WhenLow,
    /// On a system stack, also where there is room. In place on a system stack with room.
    Always,
    /// In place where there is room for the reserve, not at all otherwise.
    Never,
}

/// What to do on a foreign stack: one whose bounds nobody knows, such as a coroutine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// As [`Settings::stay_on_foreign`](crate::Settings::stay_on_foreign) says: `Switch` unless the
    /// process chose otherwise.
    Default,
    /// Run the body on a system stack.
    Switch,
    /// Run the body where it is, as without the attribute: for hosts that scan or check the stacks
    /// of their fibers.
    Stay,
}

/// How [`call_guarded`](crate::call_guarded) runs a closure: the name for messages, the reserve,
/// and when to switch. The attribute makes one for each annotated function.
#[derive(Debug)]
pub struct Options {
    /// The path of the function, for messages.
    pub(crate) name: &'static str,
    /// Bytes that the body has free when it starts.
    pub(crate) reserve_bytes: usize,
    pub(crate) mode: Mode,
    pub(crate) foreign: Foreign,
    /// Whether panics and exceptions may leave it.
    pub(crate) unwinds: bool,
}

/// The name of a description in the runtime, where most are made by the attribute.
pub use Options as Callback;

/// What one call of a callback asks for.
#[derive(Clone, Copy)]
pub struct Needs {
    pub(crate) callback: &'static Callback,
    /// Bytes that must be free below the SP in the shim.
    pub(crate) bytes: usize,
    /// From the thread stack the body goes to a system stack where less than this is free.
    pub(crate) leaves_below: usize,
    pub(crate) has_fallback: bool,
}

impl Needs {
    /// With arguments and a result of so many bytes.
    #[must_use]
    #[inline(always)]
    pub const fn new(callback: &'static Callback, value_bytes: usize, has_fallback: bool) -> Self {
        let bytes = callback.needed_with(value_bytes);
        let leaves_below = match callback.mode {
            Mode::Always => usize::MAX,
            Mode::Never => 0,
            Mode::Default | Mode::WhenLow => bytes,
        };
        Self { callback, bytes, leaves_below, has_fallback }
    }
}

/// The description of a callback as a type, so that generic code can read it at compile time.
pub trait Describe {
    /// The callback.
    const CALLBACK: Callback;

    /// The callback as a static.
    const REFERENCE: &'static Callback = &Self::CALLBACK;

    /// Whether panics and exceptions may leave it: not where panics abort, whatever the ABI.
    const UNWINDS: bool = Self::CALLBACK.unwinds && cfg!(panic = "unwind");
}

impl Options {
    /// The defaults of the attribute: 128 KiB, switch when low, also on foreign stacks.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            reserve_bytes: DEFAULT_RESERVE_BYTES,
            mode: Mode::Default,
            foreign: Foreign::Default,
            unwinds: false,
        }
    }

    /// The reserve: how many bytes the body has free when it starts.
    ///
    /// # Panics
    /// When `bytes` is zero, or more than a quarter of the address space.
    #[must_use]
    pub const fn reserve(mut self, bytes: usize) -> Self {
        assert!(bytes > 0, "`reserve` must be at least 1 byte: the body needs some room to run in");
        assert!(
            bytes <= LARGEST_RESERVE_BYTES,
            "`reserve` is larger than any stack that could be mapped"
        );
        self.reserve_bytes = bytes;
        self
    }

    /// When the body leaves the stack that it is called on.
    #[must_use]
    pub const fn switch(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// What to do on a foreign stack.
    #[must_use]
    pub const fn foreign(mut self, foreign: Foreign) -> Self {
        self.foreign = foreign;
        self
    }

    /// Lets panics and exceptions leave it.
    #[doc(hidden)]
    #[must_use]
    pub const fn unwinding(mut self) -> Self {
        self.unwinds = true;
        self
    }

    /// Bytes that must be free below the SP in the shim, for arguments and a result of so many
    /// bytes.
    #[must_use]
    #[inline(always)]
    pub(crate) const fn needed_with(&self, value_bytes: usize) -> usize {
        let values = if value_bytes < USUAL_VALUE_BYTES { USUAL_VALUE_BYTES } else { value_bytes };
        self.reserve_bytes + OWN_FRAMES_BYTES + COPIES * values
    }
}
