//! The picture of a thread's stacks.

mod paint;
mod svg;

use core::cmp::Reverse;
use core::{fmt, ptr};
use std::io::IsTerminal;

use crate::bounds::StackBounds;
use crate::stack::{Header, memory};
use crate::thread::{self, Thread};
use crate::{register, switch};

use self::paint::Painted;

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
        thread::look(Self::of)
    }

    fn of(thread: &Thread) -> Self {
        let sp = switch::stack_pointer();
        let mut marks: Vec<Mark> = thread.held().filter_map(host_mark).collect();
        marks.push(Mark { address: sp, what: "SP".to_owned() });
        marks.sort_by_key(|mark| Reverse(mark.address));
        let mut stacks: Vec<Region> = thread.held().map(|header| Region::of_system_stack(header, sp)).collect();
        stacks.extend(StackBounds::of_thread().map(Region::of_thread_stack));
        stacks.extend(marks.iter().filter_map(|mark| register::find(mark.address)).map(Region::of_registered_stack));
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
        print!("{}", Painted { map: self, has_colors: is_wanted && std::io::stdout().is_terminal() });
    }

    /// The picture as SVG, for documents.
    ///
    /// ```
    /// let svg = guarded_callback::StackMap::current().to_svg();
    /// assert!(svg.starts_with("<svg"));
    /// ```
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::draw(self)
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

    fn of_registered_stack(bounds: StackBounds) -> Self {
        Self { low: bounds.low(), high: bounds.high(), guard_low: None, what: "registered stack".to_owned() }
    }

    fn of_system_stack(header: &Header, sp: usize) -> Self {
        let mut what = "system stack, ".to_owned();
        what += &match header.running() {
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
    let callback = header.running()?;
    Some(Mark { address: header.left_host_at()?, what: format!("C called `{}` here", callback.name) })
}

/// Whether the body on the stack has called the code at `sp`, by way of other bodies.
fn waits(header: &Header, sp: usize) -> bool {
    let host_of = |header: &Header| header.host_record().and_then(thread::system_stack);
    core::iter::successors(thread::system_stack(sp), |inner| host_of(inner)).any(|caller| ptr::eq(caller, header))
}

/// The part of the stack that was used since it was mapped, or since its memory was given back: in whole pages, as the kernel tells.
fn touched_bytes(header: &Header) -> Option<usize> {
    let lowest = memory::lowest_touched(header.low, header.header_page())?;
    Some(header.low + header.room_bytes - header.depth.without_mark(lowest))
}

impl fmt::Display for StackMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Painted { map: self, has_colors: false }.fmt(f)
    }
}

/// A size for people.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..10_240 => write!(f, "{} B", self.0),
            10_240..10_485_760 => write!(f, "{} KiB", self.0 >> 10),
            _ => write!(f, "{} MiB", self.0 >> 20),
        }
    }
}
