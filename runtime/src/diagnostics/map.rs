//! The picture of a thread's stacks.

mod drawing;

use core::cmp::Reverse;
use core::{fmt, ptr};
use std::io::IsTerminal;

use crate::bounds::StackBounds;
use crate::stack::{Header, memory, table};
use crate::thread::{self, Thread};
use crate::{fast, host_call, os_bounds, registry, switch};

use self::drawing::Drawing;
use super::line::Bytes;

/// Where the calling thread's stacks, their guards and the stack pointer lie. `Display` draws it, the highest
/// address first, as stacks grow down.
///
/// ```
/// let picture = guarded_callback::StackMap::current().to_string();
/// assert!(picture.contains("SP"));
/// ```
#[derive(Clone, Debug)]
pub struct StackMap {
    /// The highest address first.
    stacks: Vec<Region>,
    /// The addresses worth a line of their own, the highest first: where C called a body that runs, and SP.
    marks: Vec<Mark>,
}

#[derive(Clone, Debug)]
struct Mark {
    address: usize,
    what: String,
}

#[derive(Clone, Debug)]
struct Region {
    low: usize,
    high: usize,
    guard_low: Option<usize>,
    what: String,
}

impl StackMap {
    /// The stacks of the calling thread at this moment: its own, all system stacks that it holds, and the registered ones that it runs on
    /// or was called from.
    #[must_use]
    pub fn current() -> Self {
        let sp = switch::stack_pointer();
        let thread = thread::current();
        let mut held: Vec<&'static Header> = thread.into_iter().flat_map(Thread::held).collect();
        // A body that another thread has begun, and its coroutine was moved here.
        held.extend(table::stack_at(sp).filter(|here| !held.iter().any(|held| ptr::eq(*held, *here))));
        let mut marks: Vec<Mark> = held.iter().copied().filter_map(host_mark).collect();
        marks.push(Mark { address: sp, what: "SP".to_owned() });
        marks.sort_by_key(|mark| Reverse(mark.address));
        let mut stacks: Vec<Region> = held.iter().map(|header| Region::of_system_stack(header, sp)).collect();
        let own = thread.and_then(Thread::bounds).unwrap_or_else(|| os_bounds::thread_stack(sp, true));
        stacks.extend(own.map(Region::of_thread_stack));
        stacks.extend(marks.iter().filter_map(|mark| registry::find(mark.address, None)).map(Region::of_registered_stack));
        stacks.sort_by_key(|region| (Reverse(region.high), region.low));
        stacks.dedup_by_key(|region| (region.low, region.high));
        Self { stacks, marks }
    }

    /// Prints the picture to standard output: with colours where that is a terminal and the environment variable `NO_COLOR` is not set.
    ///
    /// ```
    /// guarded_callback::StackMap::current().print();
    /// ```
    pub fn print(&self) {
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        print!("{}", Drawing { map: self, has_colors: is_wanted && std::io::stdout().is_terminal() });
    }

    /// The stack that `address` lies on: of two, the one that was carved out of the other.
    fn stack_of(&self, address: usize) -> Option<&Region> {
        let around = self.stacks.iter().filter(|region| (region.low..region.high).contains(&address));
        around.min_by_key(|region| region.high - region.low)
    }
}

impl Region {
    fn of_thread_stack(bounds: StackBounds) -> Self {
        let what = format!("thread stack ({:?})", bounds.source());
        Self { low: bounds.low(), high: bounds.high(), guard_low: None, what }
    }

    fn of_registered_stack((low, high): (usize, usize)) -> Self {
        Self { low, high, guard_low: None, what: "registered stack".to_owned() }
    }

    fn of_system_stack(header: &Header, sp: usize) -> Self {
        let mut what = "system stack, ".to_owned();
        what += &match fast::running(header) {
            Some(callback) if header.contains(sp) => format!("runs `{}`", callback.name),
            Some(callback) if waits(header, sp) => format!("`{}` waits for a callback", callback.name),
            Some(callback) => format!("`{}` is suspended, or was jumped over", callback.name),
            None => "idle".to_owned(),
        };
        if let Some(bytes) = touched_bytes(header) {
            what += &format!(", {} touched", Bytes(bytes));
        }
        Self { low: header.low, high: header.low + header.room_bytes, guard_low: Some(header.guard().start), what }
    }
}

/// Where C called the body that runs on the stack. Not known between the decision and the switch.
fn host_mark(header: &'static Header) -> Option<Mark> {
    let callback = fast::running(header)?;
    Some(Mark { address: host_call::left_at(header)?, what: format!("C called `{}` here", callback.name) })
}

/// Whether the body on the stack has called the code at `sp`, by way of other bodies.
fn waits(header: &Header, sp: usize) -> bool {
    let calling = |header: &Header| header.record().and_then(table::stack_at);
    core::iter::successors(table::stack_at(sp), |inner| calling(inner)).any(|caller| ptr::eq(caller, header))
}

/// The part of the stack that was used since it was mapped, or since its memory was given back: in whole pages, as the kernel tells.
fn touched_bytes(header: &Header) -> Option<usize> {
    let lowest = memory::lowest_touched(header.low, header.header_page())?;
    Some(header.low + header.room_bytes - header.depth.without_mark(lowest))
}

impl fmt::Display for StackMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Drawing { map: self, has_colors: false }.fmt(f)
    }
}
