//! The report of what all callbacks have done, which may be printed when the process ends.
//!
//! Composed line by line without allocating: at the end of a process other threads may have died
//! with the heap's lock held.

use core::fmt::{self, Display, Write};

use super::callback_stats::{CallbackStats, callback_stats};
use super::line::LineBuf;
use crate::callback::DEFAULT_RESERVE_BYTES;
use crate::settings;

const KIB: usize = 1024;

/// How large `reserve` should be, in words: the guide's page on sizing says the same. In numbers:
/// [`enough_for`].
const RULE: &str = "`reserve` should be twice the deepest use that was seen, rounded up to 64 KiB, \
                    and at least the default of 128 KiB";

fn enough_for(deepest_bytes: usize) -> usize {
    (2 * deepest_bytes).next_multiple_of(64 * KIB).max(DEFAULT_RESERVE_BYTES)
}

/// What all callbacks of this process have done so far. `Display` makes a table of it, the most
/// called first, with advice where the figures suggest another `reserve`.
///
/// With the feature `stats` only. A process started with `GUARDED_CALLBACK_REPORT=1` prints it to
/// standard error when it ends, as after
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
fn each_line(mut line: impl FnMut(fmt::Arguments<'_>) -> fmt::Result) -> fmt::Result {
    line(format_args!("     calls   in place   switched  refused   deepest   reserve  callback"))?;
    let (mut before, mut has_advice) = (None, false);
    while let Some((rank, callback)) = next_after(before) {
        before = Some(rank);
        let CallbackStats { name, calls, in_place, switched, refused, .. } = callback;
        let (deepest, reserve) =
            (Column(callback.deepest_bytes), Column(Some(callback.asked_bytes)));
        line(format_args!(
            "{calls:10} {in_place:10} {switched:10} {refused:8} {deepest} {reserve}  `{name}`"
        ))?;
        if refused > 0 {
            line(format_args!(
                "           could not run each time: let it switch, or raise \
                 Settings::stacks_per_thread or the limits on memory"
            ))?;
        }
        if let Some((finding, bytes)) = finding(&callback) {
            has_advice = true;
            line(format_args!("           {finding}: reserve = \"{} KiB\"", bytes / KIB))?;
        }
    }
    if has_advice { line(format_args!("{RULE}")) } else { Ok(()) }
}

/// Bytes in a column, rounded up.
struct Column(Option<usize>);

impl Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.map(|bytes| bytes.div_ceil(KIB)) {
            Some(kib @ 0..10_240) => write!(f, "{kib:5} KiB"),
            Some(kib) => write!(f, "{:5} MiB", kib.div_ceil(KIB)),
            None => write!(f, "{:>9}", "-"),
        }
    }
}

/// What the figures say of a callback's reserve, and which one would be right.
fn finding(callback: &CallbackStats) -> Option<(&'static str, usize)> {
    let (used, reserve) = (callback.deepest_bytes?, callback.asked_bytes);
    let enough = enough_for(used);
    let finding = if used > reserve {
        "used more than it asked for"
    } else if enough > reserve {
        "used more than half of what it asked for"
    } else if 2 * enough <= reserve {
        "asked for more than it needs"
    } else {
        return None;
    };
    Some((finding, enough))
}

/// By calls, and by place in the row where those are equal.
type Rank = (usize, usize);

/// The callback that comes next in the order of calls. Sorting would take memory.
fn next_after(before: Option<Rank>) -> Option<(Rank, CallbackStats)> {
    let ranked =
        callback_stats().enumerate().map(|(at, callback)| ((callback.calls, at), callback));
    ranked
        .filter(|(rank, _)| before.is_none_or(|before| *rank < before))
        .max_by_key(|(rank, _)| *rank)
}

/// The process, or the library that this runtime is part of, ends. The environment variable has the
/// last word.
pub(crate) fn at_exit() {
    let is_wanted = match variable() {
        Some(b'0') => false,
        Some(b'1') => true,
        Some(_) => {
            print(format_args!(
                "guarded-callback: GUARDED_CALLBACK_REPORT must be 0 or 1; it is ignored"
            ));
            settings::report_at_exit()
        }
        None => settings::report_at_exit(),
    };
    if is_wanted {
        let process = std::process::id();
        print(format_args!("guarded-callback: what the callbacks of process {process} have done"));
        let _ = each_line(|line| {
            print(line);
            Ok(())
        });
    }
}

fn print(text: fmt::Arguments<'_>) {
    let mut line = LineBuf::new();
    // A line that does not fit is cut; writing to it does not fail.
    let _ = writeln!(line, "{text}");
    line.print();
}

/// The variable's only character; `?` stands for every value that has more or none.
fn variable() -> Option<u8> {
    let only = |text: &[u8]| if let [only] = text { *only } else { b'?' };
    // Not by the standard library, which takes a lock that another thread may have died with.
    #[cfg(unix)]
    // SAFETY: the name ends with NUL, and so does a value, which is read at once.
    return unsafe {
        let text = libc::getenv(c"GUARDED_CALLBACK_REPORT".as_ptr());
        (!text.is_null()).then(|| only(core::ffi::CStr::from_ptr(text).to_bytes()))
    };
    #[cfg(not(unix))]
    std::env::var_os("GUARDED_CALLBACK_REPORT").map(|text| only(text.as_encoded_bytes()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn guide_says_the_rule_that_the_report_follows() {
        let page = include_str!("../../guide/sizing.md");
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains(super::RULE), "{}", super::RULE);
    }
}
