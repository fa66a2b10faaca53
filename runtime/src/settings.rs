//! The settings of a process. Several crates may set them; the runtime reads them when it makes a
//! stack.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use core::{error, fmt};

/// Address space of a system stack unless [`Settings`] ask for more: as large as the stack that
/// main threads have by default, so that no body has less than it would have had.
pub(crate) const SYSTEM_STACK_BYTES: usize =
    if cfg!(target_pointer_width = "64") { 8 << 20 } else { 1 << 20 };

/// The guard area below a system stack. C compiled without stack probes can step over a small one.
pub(crate) const GUARD_BYTES: usize =
    if cfg!(all(target_pointer_width = "64", not(windows))) { 1 << 20 } else { 64 * 1024 };

/// Stacks that the process keeps with some of their memory when no thread uses them.
const SPARE_STACKS: usize = 16;

/// Sizes and limits of the system stacks of this process.
///
/// Several crates in a process may set them. Sizes and counts take the largest that anybody asked
/// for, switches are on when anybody turned them on. What changes holds for stacks that are made
/// later. [`apply`](Self::apply) tells what holds.
///
/// ```
/// use guarded_callback::Settings;
/// let holds = Settings::new().system_stack_bytes(16 << 20).apply()?;
/// assert!(holds.get_system_stack_bytes() >= 16 << 20);
/// # Ok::<(), guarded_callback::SettingsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    system_stack_bytes: usize,
    guard_bytes: usize,
    spare_stacks: usize,
    stacks_per_thread: usize,
    switch_by_default: bool,
    stay_on_foreign: bool,
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
    #[must_use = "settings do nothing until `apply` is called"]
    pub const fn new() -> Self {
        Self {
            system_stack_bytes: SYSTEM_STACK_BYTES,
            guard_bytes: GUARD_BYTES,
            spare_stacks: SPARE_STACKS,
            stacks_per_thread: 0,
            switch_by_default: false,
            stay_on_foreign: false,
            #[cfg(feature = "stats")]
            report_at_exit: false,
        }
    }

    /// The settings that hold in this process now.
    pub fn current() -> Self {
        Self {
            system_stack_bytes: system_stack_bytes(),
            guard_bytes: guard_bytes(),
            spare_stacks: spare_stacks(),
            stacks_per_thread: PER_THREAD.load(Relaxed),
            switch_by_default: switch_by_default(),
            stay_on_foreign: stay_on_foreign(),
            #[cfg(feature = "stats")]
            report_at_exit: REPORT_AT_EXIT.load(Relaxed),
        }
    }

    /// Bytes of address space of a system stack; memory is committed as it is touched. At least
    /// 8 MiB (1 MiB on 32-bit targets), which is the default: a smaller number changes nothing.
    /// Where a larger stack cannot be had, a body runs on one that has its reserve, and at least
    /// the default size.
    #[must_use = "settings do nothing until `apply` is called"]
    pub const fn system_stack_bytes(mut self, bytes: usize) -> Self {
        self.system_stack_bytes = bytes;
        self
    }

    /// Bytes of the inaccessible area below each system stack. At least 1 MiB (64 KiB on 32-bit
    /// targets and on Windows), which is the default: C code without stack probes can step over a
    /// smaller one.
    #[must_use = "settings do nothing until `apply` is called"]
    pub const fn guard_bytes(mut self, bytes: usize) -> Self {
        self.guard_bytes = bytes;
        self
    }

    /// How many stacks keep some of their memory when no thread uses them, so that the next body
    /// finds it there: 16 by default. The others keep their addresses only.
    #[must_use = "settings do nothing until `apply` is called"]
    pub const fn spare_stacks(mut self, stacks: usize) -> Self {
        self.spare_stacks = stacks;
        self
    }

    /// Most system stacks that one thread may use at a time (callbacks nested deeper than a stack,
    /// or suspended in coroutines). No limit by default, and with 0.
    #[must_use = "settings do nothing until `apply` is called"]
    pub const fn stacks_per_thread(mut self, stacks: usize) -> Self {
        self.stacks_per_thread = stacks;
        self
    }

    /// Makes `switch = always` the mode of every callback that names none. Off by default.
    #[must_use = "settings do nothing until `apply` is called"]
    pub const fn switch_by_default(mut self, always: bool) -> Self {
        self.switch_by_default = always;
        self
    }

    /// Makes `foreign = stay` the choice of every callback that names none. Off by default.
    #[must_use = "settings do nothing until `apply` is called"]
    pub const fn stay_on_foreign(mut self, stay: bool) -> Self {
        self.stay_on_foreign = stay;
        self
    }

    /// Prints [`Report`](crate::Report) to standard error when the process ends by returning from
    /// `main` or by `exit`. Off by default; the environment variable `GUARDED_CALLBACK_REPORT`,
    /// with 0 or 1, has the last word; any other value of it is reported once and ignored. With the
    /// feature `stats` only.
    #[cfg(feature = "stats")]
    #[must_use = "settings do nothing until `apply` is called"]
    pub const fn report_at_exit(mut self, report: bool) -> Self {
        self.report_at_exit = report;
        self
    }

    /// The size of system stacks, in bytes.
    #[must_use]
    pub const fn get_system_stack_bytes(&self) -> usize {
        self.system_stack_bytes
    }

    /// The size of the guard area, in bytes.
    #[must_use]
    pub const fn get_guard_bytes(&self) -> usize {
        self.guard_bytes
    }

    /// How many unused stacks keep some of their memory.
    #[must_use]
    pub const fn get_spare_stacks(&self) -> usize {
        self.spare_stacks
    }

    /// The most system stacks that one thread may use; `None` without a limit.
    #[must_use]
    pub const fn get_stacks_per_thread(&self) -> Option<usize> {
        if self.stacks_per_thread == 0 { None } else { Some(self.stacks_per_thread) }
    }

    /// Whether callbacks that name no mode always switch.
    #[must_use]
    pub const fn get_switch_by_default(&self) -> bool {
        self.switch_by_default
    }

    /// Whether callbacks that name no choice stay on foreign stacks.
    #[must_use]
    pub const fn get_stay_on_foreign(&self) -> bool {
        self.stay_on_foreign
    }

    /// Puts the settings in force, merged with those that hold already, and returns what holds now.
    ///
    /// # Errors
    /// When a size is beyond a quarter of the address space; then nothing changes.
    pub fn apply(self) -> Result<Self, SettingsError> {
        const LARGEST: usize = usize::MAX / 4;
        if self.system_stack_bytes > LARGEST {
            return Err(SettingsError::StackSize);
        }
        if self.guard_bytes > LARGEST {
            return Err(SettingsError::GuardSize);
        }
        STACK_BYTES.fetch_max(self.system_stack_bytes, Relaxed);
        GUARD.fetch_max(self.guard_bytes, Relaxed);
        SPARE.fetch_max(self.spare_stacks, Relaxed);
        PER_THREAD.fetch_max(self.stacks_per_thread, Relaxed);
        SWITCH_BY_DEFAULT.fetch_or(self.switch_by_default, Relaxed);
        STAY_ON_FOREIGN.fetch_or(self.stay_on_foreign, Relaxed);
        #[cfg(feature = "stats")]
        REPORT_AT_EXIT.fetch_or(self.report_at_exit, Relaxed);
        Ok(Self::current())
    }
}

/// Why [`Settings::apply`] changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsError {
    /// `system_stack_bytes` is beyond a quarter of the address space.
    StackSize,
    /// `guard_bytes` is beyond a quarter of the address space.
    GuardSize,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StackSize => "`system_stack_bytes` is beyond a quarter of the address space",
            Self::GuardSize => "`guard_bytes` is beyond a quarter of the address space",
        })
    }
}

impl error::Error for SettingsError {}

// Plain words instead of a lock: a signal handler or the child of a fork must be able to read them.
static STACK_BYTES: AtomicUsize = AtomicUsize::new(SYSTEM_STACK_BYTES);
static GUARD: AtomicUsize = AtomicUsize::new(GUARD_BYTES);
static SPARE: AtomicUsize = AtomicUsize::new(SPARE_STACKS);
/// Zero: no limit.
static PER_THREAD: AtomicUsize = AtomicUsize::new(0);
static SWITCH_BY_DEFAULT: AtomicBool = AtomicBool::new(false);
static STAY_ON_FOREIGN: AtomicBool = AtomicBool::new(false);
#[cfg(feature = "stats")]
static REPORT_AT_EXIT: AtomicBool = AtomicBool::new(false);

pub(crate) fn system_stack_bytes() -> usize {
    STACK_BYTES.load(Relaxed)
}

pub(crate) fn guard_bytes() -> usize {
    GUARD.load(Relaxed)
}

pub(crate) fn spare_stacks() -> usize {
    SPARE.load(Relaxed)
}

pub(crate) fn stacks_per_thread() -> usize {
    match PER_THREAD.load(Relaxed) {
        0 => usize::MAX,
        limit => limit,
    }
}

pub(crate) fn switch_by_default() -> bool {
    SWITCH_BY_DEFAULT.load(Relaxed)
}

pub(crate) fn stay_on_foreign() -> bool {
    STAY_ON_FOREIGN.load(Relaxed)
}

#[cfg(feature = "stats")]
pub(crate) fn report_at_exit() -> bool {
    REPORT_AT_EXIT.load(Relaxed)
}
