//! The settings of a process: chosen once, before the first callback.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::{error, fmt};

use crate::stack::{GUARD_BYTES, SYSTEM_STACK_BYTES, pool};

/// Sizes and limits of the system stacks of this process.
///
/// Set once, before the first callback or other use of the runtime; refused later, since stacks of the old
/// size would already be in use.
///
/// ```
/// use guarded_callback::Settings;
/// Settings::new().system_stack_bytes(16 << 20).spare_stacks(4).apply()?;
/// assert!(Settings::new().apply().is_err()); // only once
/// # Ok::<(), guarded_callback::SettingsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "settings do nothing until `apply` is called"]
pub struct Settings {
    system_stack_bytes: usize,
    guard_bytes: usize,
    spare_stacks: usize,
    stacks_per_thread: usize,
    switch_by_default: bool,
    #[cfg(feature = "stats")]
    report_at_exit: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl Settings {
    /// The settings of a process that sets none.
    pub const fn new() -> Self {
        Self {
            system_stack_bytes: SYSTEM_STACK_BYTES,
            guard_bytes: GUARD_BYTES,
            spare_stacks: 16,
            stacks_per_thread: if cfg!(target_pointer_width = "64") { 256 } else { 64 },
            switch_by_default: false,
            #[cfg(feature = "stats")]
            report_at_exit: false,
        }
    }

    /// Bytes of address space of a system stack, rounded up to whole pages; memory is committed as it is
    /// touched. 8 MiB by default (1 MiB on 32-bit targets).
    pub const fn system_stack_bytes(mut self, bytes: usize) -> Self {
        self.system_stack_bytes = bytes;
        self
    }

    /// Bytes of the inaccessible area below each system stack. 64 KiB by default, because C code compiled
    /// without stack probes can step over a smaller one.
    pub const fn guard_bytes(mut self, bytes: usize) -> Self {
        self.guard_bytes = bytes;
        self
    }

    /// Most stacks that the process keeps for later when no thread uses them: 16 by default, 256 at most.
    pub const fn spare_stacks(mut self, stacks: usize) -> Self {
        self.spare_stacks = stacks;
        self
    }

    /// Most system stacks that one thread may hold at a time (callbacks nested deeper than a stack, or
    /// suspended in coroutines): 256 by default (64 on 32-bit targets).
    pub const fn stacks_per_thread(mut self, stacks: usize) -> Self {
        self.stacks_per_thread = stacks;
        self
    }

    /// Makes `switch = always` the mode of every callback that names none. Off by default.
    pub const fn switch_by_default(mut self, always: bool) -> Self {
        self.switch_by_default = always;
        self
    }

    /// Prints [`Report`](crate::Report) to standard error when the process ends by returning from `main` or by `exit`. Off by default; the environment
    /// variable `GUARDED_CALLBACK_REPORT`, with 0 or 1, has the last word, and any other value of it aborts the process at the first callback. With the feature
    /// `stats` only.
    #[cfg(feature = "stats")]
    pub const fn report_at_exit(mut self, report: bool) -> Self {
        self.report_at_exit = report;
        self
    }

    /// Puts the settings in force.
    ///
    /// # Errors
    /// When settings are already in force, because `apply` was called before or a callback has run, or
    /// when a number makes no sense: a stack below 64 KiB, no guard area, no stack per thread.
    pub fn apply(self) -> Result<(), SettingsError> {
        self.check()?;
        if IN_FORCE.compare_exchange(UNSET, BEING_SET, Relaxed, Relaxed).is_err() {
            return Err(SettingsError::TooLate);
        }
        STACK_BYTES.store(self.system_stack_bytes, Relaxed);
        GUARD.store(self.guard_bytes, Relaxed);
        SPARE.store(self.spare_stacks, Relaxed);
        PER_THREAD.store(self.stacks_per_thread, Relaxed);
        SWITCH_BY_DEFAULT.store(usize::from(self.switch_by_default), Relaxed);
        #[cfg(feature = "stats")]
        {
            crate::report::summary::want(self.report_at_exit);
            crate::report::summary::look_at_environment();
        }
        IN_FORCE.store(SET, core::sync::atomic::Ordering::Release);
        Ok(())
    }

    const fn check(&self) -> Result<(), SettingsError> {
        const LARGEST: usize = usize::MAX / 4;
        if self.system_stack_bytes < 64 * 1024 || self.system_stack_bytes > LARGEST {
            return Err(SettingsError::StackSize);
        }
        if self.guard_bytes == 0 || self.guard_bytes > LARGEST {
            return Err(SettingsError::GuardSize);
        }
        if self.spare_stacks > pool::LARGEST_POOL || self.stacks_per_thread == 0 {
            return Err(SettingsError::Counts);
        }
        Ok(())
    }
}

/// Why [`Settings::apply`] changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsError {
    /// Settings are in force already: set once before, or taken as they are by the first callback.
    TooLate,
    /// `system_stack_bytes` is below 64 KiB or beyond a quarter of the address space.
    StackSize,
    /// `guard_bytes` is zero or beyond a quarter of the address space.
    GuardSize,
    /// `spare_stacks` is beyond 256, or `stacks_per_thread` is zero.
    Counts,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLate => "settings are already in force: apply them once, before the first callback",
            Self::StackSize => "a system stack must have at least 64 KiB and fit the address space",
            Self::GuardSize => "the guard area must not be empty and must fit the address space",
            Self::Counts => "at most 256 spare stacks are kept, and a thread must be allowed at least one",
        })
    }
}

impl error::Error for SettingsError {}

const UNSET: usize = 0;
const BEING_SET: usize = 1;
const SET: usize = 2;

// Plain words instead of a lock or a `Once`: a signal handler or the child of a fork must be able to read them.
static IN_FORCE: AtomicUsize = AtomicUsize::new(UNSET);
static STACK_BYTES: AtomicUsize = AtomicUsize::new(Settings::new().system_stack_bytes);
static GUARD: AtomicUsize = AtomicUsize::new(Settings::new().guard_bytes);
pub(crate) static SPARE: AtomicUsize = AtomicUsize::new(Settings::new().spare_stacks);
static PER_THREAD: AtomicUsize = AtomicUsize::new(Settings::new().stacks_per_thread);
static SWITCH_BY_DEFAULT: AtomicUsize = AtomicUsize::new(0);

/// Ends the time in which settings can be applied.
pub(crate) fn freeze() {
    if IN_FORCE.load(Relaxed) == SET {
        return;
    }
    if IN_FORCE.compare_exchange(UNSET, SET, Relaxed, Relaxed).is_ok() {
        #[cfg(feature = "stats")]
        crate::report::summary::look_at_environment();
    }
}

pub(crate) fn system_stack_bytes() -> usize {
    STACK_BYTES.load(Relaxed)
}

pub(crate) fn guard_bytes() -> usize {
    GUARD.load(Relaxed)
}

pub(crate) fn spare_stacks() -> usize {
    SPARE.load(Relaxed)
}

/// From now on every stack that nobody uses goes back to the system.
pub(crate) fn keep_no_spare_stacks() {
    SPARE.store(0, Relaxed);
}

pub(crate) fn stacks_per_thread() -> usize {
    PER_THREAD.load(Relaxed)
}

pub(crate) fn switch_by_default() -> bool {
    SWITCH_BY_DEFAULT.load(Relaxed) != 0
}
