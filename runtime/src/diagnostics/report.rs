//! The report of what all callbacks have done, which may be printed when the process ends.
//!
//! Composed line by line without allocating: at the end of a process other threads may have died with the heap's lock held.

use core::fmt::{self, Display};

use super::line::LineBuf;
use super::callback_stats::{CallbackStats, callback_stats};
use crate::settings;

/// The environment variable that asks for the report: `1` for yes, `0` for no.
const VARIABLE: &str = "GUARDED_CALLBACK_REPORT";

/// What all callbacks of this process have done so far. `Display` makes a table of it, the most called first, with advice where the
/// figures suggest another `stack`.
///
/// With the feature `stats` only. A process started with `GUARDED_CALLBACK_REPORT=1` prints it to standard error when it ends, as after
/// [`Settings::report_at_exit`](crate::Settings::report_at_exit).
///
/// ```
/// use guarded_callback::{Mode, Options, Report, call_guarded};
/// static WORK: Options = Options::new("work").switch(Mode::Always);
/// call_guarded(&WORK, || ());
/// assert!(Report::current().to_string().contains("`work`"));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Report {}

impl Report {
    /// The figures as they are when the report is written out.
    #[must_use]
    pub fn current() -> Self {
        Self {}
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        each_line(|line| writeln!(f, "{line}"))
    }
}

/// Gives the lines of the report to `line`, one after the other.
fn each_line(mut line: impl FnMut(&dyn Display) -> fmt::Result) -> fmt::Result {
    line(&"     calls   in place   switched  refused   deepest     asked  callback")?;
    let mut before = None;
    while let Some((rank, callback)) = next_after(before) {
        line(&Row(callback))?;
        if let Some(advice) = advice(callback) {
            line(&Advice(advice))?;
        }
        before = Some(rank);
    }
    Ok(())
}

/// By calls, and by place in the row where those are equal.
type Rank = (usize, usize);

/// The callback that comes next in the order of calls. Sorting would take memory.
fn next_after(before: Option<Rank>) -> Option<(Rank, CallbackStats)> {
    let ranked = callback_stats().enumerate().map(|(place, callback)| ((callback.calls, place), callback));
    ranked.filter(|(rank, _)| before.is_none_or(|before| *rank < before)).max_by_key(|(rank, _)| *rank)
}

struct Row(CallbackStats);

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CallbackStats { name, calls, in_place, switched, refused, deepest_bytes, asked_bytes } = self.0;
        write!(f, "{calls:10} {in_place:10} {switched:10} {refused:8} ")?;
        match deepest_bytes {
            Some(bytes) => write!(f, "{:>5} KiB ", bytes.div_ceil(KIB))?,
            None => write!(f, "        - ")?,
        }
        write!(f, "{:>5} KiB  `{name}`", asked_bytes.div_ceil(KIB))
    }
}

const KIB: usize = 1024;

/// What the figures of a callback suggest.
#[derive(Clone, Copy)]
enum Suggestion {
    /// It has used more than it asks for.
    AskForMore(usize),
    /// It asks for much more than was seen.
    CouldAskForLess(usize),
    /// It was refused.
    WasRefused,
}

fn advice(callback: CallbackStats) -> Option<Suggestion> {
    let CallbackStats { refused, deepest_bytes, asked_bytes, .. } = callback;
    if refused > 0 {
        return Some(Suggestion::WasRefused);
    }
    let used = deepest_bytes?;
    let enough = (2 * used).next_multiple_of(64 * KIB);
    if used > asked_bytes {
        return Some(Suggestion::AskForMore(enough));
    }
    (2 * enough <= asked_bytes).then_some(Suggestion::CouldAskForLess(enough))
}

struct Advice(Suggestion);

impl Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = "           ";
        match self.0 {
            Suggestion::AskForMore(bytes) => {
                write!(
                    f,
                    "{indent}used more than it asked for; twice its deepest use is reserve = \"{} KiB\"",
                    bytes / KIB
                )
            }
            Suggestion::CouldAskForLess(bytes) => {
                write!(
                    f,
                    "{indent}asks for much more than was seen; twice its deepest use is reserve = \"{} KiB\"",
                    bytes / KIB
                )
            }
            Suggestion::WasRefused => {
                write!(f, "{indent}could not run each time; raise stacks_per_thread, or the limits on memory")
            }
        }
    }
}

/// What the environment says; a wrong value is reported once.
fn is_wanted() -> bool {
    match variable::value() {
        Some(b'0') => false,
        Some(b'1') => true,
        None => settings::report_at_exit(),
        Some(_) => {
            print(&format_args!("guarded-callback: {VARIABLE} must be 0 or 1; it is ignored"));
            settings::report_at_exit()
        }
    }
}

/// The process, or the library that this runtime is part of, ends.
pub(crate) fn at_exit() {
    if !is_wanted() {
        return;
    }
    print(&format_args!("guarded-callback: what the callbacks of process {} have done", std::process::id()));
    let _ = each_line(|line| {
        print(line);
        Ok(())
    });
}

fn print(text: &dyn Display) {
    let mut line = LineBuf::new();
    let _ = fmt::Write::write_fmt(&mut line, format_args!("{text}\n"));
    line.print();
}

mod variable {
    //! The variable's only character; another one stands for every value that has more or none.

    const SOMETHING_ELSE: u8 = b'?';

    /// Not by the standard library, which takes a lock: a signal handler may ask.
    #[cfg(unix)]
    pub(super) fn value() -> Option<u8> {
        // SAFETY: the name ends with NUL. The text is read at once.
        let text = unsafe { libc::getenv(c"GUARDED_CALLBACK_REPORT".as_ptr()) };
        if text.is_null() {
            return None;
        }
        // SAFETY: a text of the environment ends with NUL.
        let text = unsafe { core::ffi::CStr::from_ptr(text) };
        Some(only(text.to_bytes()))
    }

    #[cfg(not(unix))]
    pub(super) fn value() -> Option<u8> {
        std::env::var_os(super::VARIABLE).map(|text| only(text.as_encoded_bytes()))
    }

    fn only(text: &[u8]) -> u8 {
        if let [only] = text { *only } else { SOMETHING_ELSE }
    }
}
