//! The picture of a thread's stacks.

use core::cmp::Reverse;
use core::{fmt, iter, ptr};
use std::io::IsTerminal;

use super::line::Bytes;
use crate::stack::{Header, memory, table};
use crate::thread::{self, Thread, signal_stack};
use crate::{fast, host_call, os_bounds, registry, switch};

/// Where the calling thread's stacks, their guard areas and the stack pointer lie. `Display` draws
/// it, the highest address first, as stacks grow down.
///
/// ```
/// let picture = guarded_callback::StackMap::current().to_string();
/// assert!(picture.contains("SP"));
/// ```
#[derive(Clone, Debug)]
pub struct StackMap {
    /// The highest address first.
    stacks: Vec<Stack>,
    /// The addresses worth a line of their own, the highest first: where C called a body that runs,
    /// and SP.
    marks: Vec<Mark>,
}

#[derive(Clone, Debug)]
struct Stack {
    low: usize,
    high: usize,
    /// Where the guard area below a system stack begins.
    guard_low: Option<usize>,
    what: String,
}

#[derive(Clone, Debug)]
struct Mark {
    address: usize,
    what: String,
}

// The escape sequences (ECMA-48) that begin a colour.
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[31m";

impl StackMap {
    /// The stacks of the calling thread at this moment: its own, its alternate signal stack, all
    /// system stacks that it holds, and the registered ones that it runs on or was called from.
    #[must_use]
    pub fn current() -> Self {
        let sp = switch::stack_pointer();
        let thread = thread::current();
        let mut held = thread.map_or_else(Vec::new, |thread| thread.held().collect());
        // A body that another thread has begun, in a coroutine that was moved here.
        held.extend(
            table::stack_at(sp).filter(|here| !held.iter().any(|held| ptr::eq(*held, *here))),
        );
        let mut map = Self { stacks: Vec::new(), marks: Vec::new() };
        for header in held {
            map.add_stack(system_stack(header, sp));
            // Where C called the body. Not known between the decision and the switch.
            if let (Some(callback), Some(address)) =
                (fast::running(header), host_call::left_at(header))
            {
                map.add_mark(address, format!("C called `{}` here", callback.name));
            }
        }
        map.add_mark(sp, "SP".to_owned());
        let own = thread.and_then(Thread::bounds);
        if let Some(own) = own.unwrap_or_else(|| os_bounds::thread_stack(sp, true)) {
            let what = format!("thread stack ({:?})", own.source());
            map.add_stack(Stack::new(own.low(), own.high(), what));
        }
        // Both where they differ: while a handler runs, another one may be in force.
        let known = thread.map(Thread::signal_stack).filter(|known| !known.is_empty());
        for range in signal_stack::current().range().into_iter().chain(known) {
            let what = "alternate signal stack".to_owned();
            map.add_stack(Stack::new(range.start, range.end, what));
        }
        for at in 0..map.marks.len() {
            if let Some((low, high)) = registry::find(map.marks[at].address, None) {
                map.add_stack(Stack::new(low, high, "registered stack".to_owned()));
            }
        }
        map
    }

    /// Puts it where it belongs, unless it is there. (Sorting would be a tenth of the runtime's
    /// code, for which every debug build takes time.)
    fn add_stack(&mut self, stack: Stack) {
        let key = |stack: &Stack| (Reverse(stack.high), stack.low);
        if let Err(at) = self.stacks.binary_search_by_key(&key(&stack), key) {
            self.stacks.insert(at, stack);
        }
    }

    fn add_mark(&mut self, address: usize, what: String) {
        let at = self.marks.partition_point(|mark| mark.address > address);
        self.marks.insert(at, Mark { address, what });
    }

    /// Prints the picture to standard output: with colours where that is a terminal and the
    /// environment variable `NO_COLOR` is not set.
    ///
    /// ```
    /// guarded_callback::StackMap::current().print();
    /// ```
    pub fn print(&self) {
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let has_colors = is_wanted && std::io::stdout().is_terminal();
        let mut picture = String::new();
        // Writing to a string does not fail.
        let _ = self.draw(&mut picture, has_colors);
        print!("{picture}");
    }

    fn draw(&self, f: &mut dyn fmt::Write, has_colors: bool) -> fmt::Result {
        let mut line = |address: usize, color: &str, text: fmt::Arguments<'_>| {
            let (begin, end) = if has_colors { (color, "\x1b[0m") } else { ("", "") };
            writeln!(f, "{address:#018x} {begin}{text}{end}")
        };
        for stack in &self.stacks {
            let Stack { low, high, guard_low, what } = stack;
            line(*high, GREEN, format_args!("+-- {what}, {}", Bytes(high - low)))?;
            let is_here = |mark: &&Mark| self.stack_of(mark).is_some_and(|of| ptr::eq(of, stack));
            for Mark { address, what } in self.marks.iter().filter(is_here) {
                let (used, left) = (Bytes(high - address), Bytes(address - low));
                line(*address, YELLOW, format_args!("|<- {what}, {used} used, {left} left"))?;
            }
            match guard_low {
                Some(guard_low) => {
                    line(*low, RED, format_args!("+-- guard area, {}", Bytes(low - guard_low)))?;
                    line(*guard_low, RED, format_args!("+"))?;
                }
                None => line(*low, GREEN, format_args!("+-- end of what the thread may use"))?,
            }
        }
        for mark in self.marks.iter().filter(|mark| self.stack_of(mark).is_none()) {
            let (what, stack) = (&mark.what, "a foreign stack of unknown bounds");
            line(mark.address, YELLOW, format_args!(" <- {what}, on {stack}"))?;
        }
        Ok(())
    }

    /// The stack that the mark lies on: of two, the one that was carved out of the other.
    fn stack_of(&self, mark: &Mark) -> Option<&Stack> {
        let around =
            self.stacks.iter().filter(|stack| (stack.low..stack.high).contains(&mark.address));
        around.min_by_key(|stack| stack.high - stack.low)
    }
}

impl fmt::Display for StackMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.draw(f, false)
    }
}

impl Stack {
    fn new(low: usize, high: usize, what: String) -> Self {
        Self { low, high, guard_low: None, what }
    }
}

fn system_stack(header: &Header, sp: usize) -> Stack {
    let mut what = match fast::running(header) {
        Some(callback) if header.contains(sp) => format!("system stack, runs `{}`", callback.name),
        Some(callback) if waits(header, sp) => {
            format!("system stack, `{}` waits for a callback", callback.name)
        }
        Some(callback) => {
            format!("system stack, `{}` is suspended, or was jumped over", callback.name)
        }
        None => "system stack, idle".to_owned(),
    };
    let high = header.low + header.room_bytes;
    // Used since it was mapped, or since its memory was given back: in whole pages.
    if let Some(lowest) = memory::lowest_touched(header.low, header.header_page()) {
        what += &format!(", {} touched", Bytes(high - lowest));
    }
    Stack { guard_low: Some(header.guard().start), ..Stack::new(header.low, high, what) }
}

/// Whether the body on the stack has called the code at `sp`, by way of other bodies.
fn waits(header: &Header, sp: usize) -> bool {
    let calling = |header: &&'static Header| header.record().and_then(table::stack_at);
    iter::successors(table::stack_at(sp), calling).any(|caller| ptr::eq(caller, header))
}
