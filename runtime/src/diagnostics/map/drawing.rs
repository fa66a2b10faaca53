//! The picture in a terminal, with or without colours.

use core::fmt::{self, Display};
use core::ptr;

use super::{Mark, Region, StackMap};
use crate::diagnostics::line::Bytes;

/// What a part of the picture is, for its colour.
#[derive(Clone, Copy)]
enum Part {
    Stack,
    Mark,
    Guard,
}

impl Part {
    /// The escape sequence (ECMA-48) that begins its colour: green, yellow, red.
    fn begin(self) -> &'static str {
        match self {
            Self::Stack => "\x1b[32m",
            Self::Mark => "\x1b[33m",
            Self::Guard => "\x1b[31m",
        }
    }
}

/// Draws a [`StackMap`], the highest address first.
pub(super) struct Drawing<'a> {
    pub(super) map: &'a StackMap,
    pub(super) has_colors: bool,
}

impl Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for region in &self.map.stacks {
            let is_here = |mark: &&Mark| self.map.stack_of(mark.address).is_some_and(|of| ptr::eq(of, region));
            self.region(f, region, self.map.marks.iter().filter(is_here))?;
        }
        for Mark { address, what } in self.map.marks.iter().filter(|mark| self.map.stack_of(mark.address).is_none()) {
            let text = format_args!(" <- {what}, on a foreign stack of unknown bounds");
            self.line(f, *address, Part::Mark, text)?;
        }
        Ok(())
    }
}

impl Drawing<'_> {
    fn region<'m>(
        &self,
        f: &mut fmt::Formatter<'_>,
        region: &Region,
        marks: impl Iterator<Item = &'m Mark>,
    ) -> fmt::Result {
        let Region { low, high, guard_low, what } = region;
        self.line(f, *high, Part::Stack, format_args!("+-- {what}, {}", Bytes(high - low)))?;
        writeln!(f, "                   |")?;
        for Mark { address, what } in marks {
            let (used, left) = (Bytes(high - address), Bytes(address - low));
            self.line(f, *address, Part::Mark, format_args!("|<- {what}, {used} used, {left} left"))?;
        }
        match guard_low {
            Some(guard_low) => {
                self.line(f, *low, Part::Guard, format_args!("+-- guard area, {}", Bytes(low - guard_low)))?;
                self.line(f, *guard_low, Part::Guard, format_args!("+"))
            }
            None => self.line(f, *low, Part::Stack, format_args!("+-- end of what the thread may use")),
        }
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, address: usize, part: Part, text: fmt::Arguments<'_>) -> fmt::Result {
        let (begin, end) = if self.has_colors { (part.begin(), "\x1b[0m") } else { ("", "") };
        writeln!(f, "{address:#018x} {begin}{text}{end}")
    }
}
