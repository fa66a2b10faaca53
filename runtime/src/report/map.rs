//! The picture of a thread's stacks.

use core::cmp::Reverse;
use core::fmt;

use crate::bounds::StackBounds;
use crate::stack::Header;
use crate::{switch, thread};

/// Where the calling thread's stacks, their guards and the stack pointer lie. `Display` draws it, the highest
/// address first, as stacks grow down.
///
/// ```
/// let picture = guarded_callback::StackMap::current().to_string();
/// assert!(picture.contains("SP"));
/// ```
#[derive(Clone, Debug)]
pub struct StackMap {
    sp: usize,
    /// The highest address first.
    stacks: Vec<Region>,
    /// The addresses worth a line of their own, the highest first: where C called a body that runs, and SP.
    marks: Vec<(usize, String)>,
}

#[derive(Clone, Debug)]
struct Region {
    low: usize,
    high: usize,
    guard_low: Option<usize>,
    what: String,
}

impl StackMap {
    /// The stacks of the calling thread at this moment.
    #[must_use]
    pub fn current() -> Self {
        let sp = switch::stack_pointer();
        // SAFETY: the state of the calling thread, used in this call only.
        let thread = unsafe { &*thread::current() };
        let mut stacks: Vec<Region> = thread.held().map(Region::of_system_stack).collect();
        stacks.extend(StackBounds::of_thread().map(Region::of_thread_stack));
        stacks.sort_by_key(|region| Reverse(region.high));
        let mut marks: Vec<(usize, String)> = thread.held().filter_map(host_mark).collect();
        marks.push((sp, "SP".to_owned()));
        marks.sort_by_key(|mark| Reverse(mark.0));
        Self { sp, stacks, marks }
    }
}

impl Region {
    fn of_thread_stack(bounds: StackBounds) -> Self {
        Self {
            low: bounds.low(),
            high: bounds.high(),
            guard_low: None,
            what: format!("thread stack ({:?})", bounds.source()),
        }
    }

    fn of_system_stack(header: &Header) -> Self {
        let what = match header.running() {
            Some(callback) => format!("system stack, runs `{}`", callback.name),
            None => "system stack, idle".to_owned(),
        };
        Self { low: header.low, high: header.low + header.room_bytes, guard_low: Some(header.guard().start), what }
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>, marks: &[(usize, String)]) -> fmt::Result {
        writeln!(f, "{:#018x} +-- {}, {}", self.high, self.what, Bytes(self.high - self.low))?;
        writeln!(f, "                   |")?;
        for (address, what) in marks.iter().filter(|(address, _)| (self.low..self.high).contains(address)) {
            writeln!(
                f,
                "{address:#018x} |<- {what}, {} used, {} left",
                Bytes(self.high - address),
                Bytes(address - self.low)
            )?;
        }
        match self.guard_low {
            Some(guard) => {
                writeln!(f, "{:#018x} +-- guard area, {}", self.low, Bytes(self.low - guard))?;
                writeln!(f, "{guard:#018x} +")
            }
            None => writeln!(f, "{:#018x} +-- end of what the thread may use", self.low),
        }
    }
}

/// Where C called the body that runs on the stack.
fn host_mark(header: &'static Header) -> Option<(usize, String)> {
    let callback = header.running()?;
    Some((header.left_host_at()?, format!("C called `{}` here", callback.name)))
}

impl fmt::Display for StackMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for region in &self.stacks {
            region.draw(f, &self.marks)?;
        }
        if !self.stacks.iter().any(|region| (region.low..region.high).contains(&self.sp)) {
            writeln!(f, "{:#018x}  <- SP, on a foreign stack of unknown bounds", self.sp)?;
        }
        Ok(())
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
