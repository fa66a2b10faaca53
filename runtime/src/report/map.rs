//! The picture of a thread's stacks.

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
    stacks: Vec<Region>,
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
        stacks.sort_by_key(|region| core::cmp::Reverse(region.high));
        Self { sp, stacks }
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

    fn draw(&self, f: &mut fmt::Formatter<'_>, sp: usize) -> fmt::Result {
        writeln!(f, "{:#018x} +-- {}, {}", self.high, self.what, Bytes(self.high - self.low))?;
        if (self.low..self.high).contains(&sp) {
            writeln!(f, "                   |   {} in use", Bytes(self.high - sp))?;
            writeln!(f, "{sp:#018x} |<- SP, {} left", Bytes(sp - self.low))?;
        } else {
            writeln!(f, "                   |")?;
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

impl fmt::Display for StackMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for region in &self.stacks {
            region.draw(f, self.sp)?;
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
