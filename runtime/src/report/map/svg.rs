//! The picture as SVG: one box for each stack, the highest address on top; not to scale.

use core::fmt::{self, Display, Write};
use core::ptr;

use super::{Bytes, Mark, Region, StackMap};

const WIDTH: usize = 900;
const MARGIN: usize = 16;
/// Of a line of text.
const LINE: usize = 22;
/// Left and right end of the boxes. The addresses stand to the left, the words to the right of them.
const BOX: (usize, usize) = (190, 330);

/// Draws `map`.
pub(super) fn draw(map: &StackMap) -> String {
    let mut picture = Picture { shapes: String::new(), y: MARGIN };
    for region in &map.stacks {
        let is_here = |mark: &&Mark| map.stack_of(mark.address).is_some_and(|of| ptr::eq(of, region));
        picture.region(region, map.marks.iter().filter(is_here));
    }
    for Mark { address, what } in map.marks.iter().filter(|mark| map.stack_of(mark.address).is_none()) {
        picture.text(*address, &format_args!("{what}, on a foreign stack of unknown bounds"));
        picture.y += LINE;
    }
    let Picture { shapes, y } = picture;
    let height = y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{shapes}</svg>\n"
    )
}

struct Picture {
    shapes: String,
    /// Where the next line goes.
    y: usize,
}

impl Picture {
    fn region<'m>(&mut self, region: &Region, marks: impl Iterator<Item = &'m Mark>) {
        let Region { low, high, guard_low, what } = region;
        let top = self.y;
        let shapes_before = core::mem::take(&mut self.shapes);
        self.text(*high, &format_args!("{what}, {}", Bytes(high - low)));
        self.y += LINE;
        for Mark { address, what } in marks {
            let (used, left) = (Bytes(high - address), Bytes(address - low));
            self.text(*address, &format_args!("{what}, {used} used, {left} left"));
            self.rule("#b58900", "4 3");
            self.y += LINE;
        }
        self.y += LINE;
        // The box goes below what is written on it.
        let written = core::mem::replace(&mut self.shapes, shapes_before);
        self.rectangle(top, self.y, if guard_low.is_some() { "#d5f0d5" } else { "#d8e8f8" });
        self.shapes += &written;
        match guard_low {
            Some(guard_low) => self.guard(*low, *guard_low),
            None => self.text(*low, &"end of what the thread may use"),
        }
        self.y += 2 * LINE;
    }

    fn guard(&mut self, low: usize, guard_low: usize) {
        self.rectangle(self.y, self.y + LINE, "#f3c6c6");
        self.text(low, &format_args!("guard area, {}", Bytes(low - guard_low)));
    }

    fn rectangle(&mut self, top: usize, bottom: usize, fill: &str) {
        let (left, width, height) = (BOX.0, BOX.1 - BOX.0, bottom - top);
        self.shape(format_args!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\" stroke=\"#444444\"/>"
        ));
    }

    /// A line across the box at the current height.
    fn rule(&mut self, stroke: &str, dashes: &str) {
        let ((left, right), y) = (BOX, self.y);
        self.shape(format_args!(
            "<line x1=\"{left}\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\" stroke=\"{stroke}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>"
        ));
    }

    fn text(&mut self, address: usize, what: &dyn Display) {
        let (left, right, y) = (BOX.0 - 8, BOX.1 + 8, self.y + 5);
        self.shape(format_args!("<text x=\"{left}\" y=\"{y}\" text-anchor=\"end\">{address:#018x}</text>"));
        self.shape(format_args!("<text x=\"{right}\" y=\"{y}\">{}</text>", Escaped(what)));
    }

    fn shape(&mut self, shape: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.shapes, "{shape}");
    }
}

/// A text in XML: the names of callbacks hold `<` where they are generic.
struct Escaped<'a>(&'a dyn Display);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_string().chars().try_for_each(|letter| match letter {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            letter => f.write_char(letter),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_angle_brackets_breaks_the_picture() {
        let what = "system stack, runs `a::b<C & D>`".to_owned();
        let region = Region { low: 0x1000, high: 0x9000, guard_low: Some(0x800), what };
        let marks = vec![Mark { address: 0x5000, what: "SP".to_owned() }, Mark { address: 0x20, what: "X".to_owned() }];
        let svg = draw(&StackMap { stacks: vec![region], marks });
        assert!(svg.contains("runs `a::b&lt;C &amp; D&gt;`"), "{svg}");
        assert!(svg.contains("guard area, 2048 B") && svg.contains("SP, 16 KiB used, 16 KiB left"), "{svg}");
        assert!(svg.contains("X, on a foreign stack"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 3, "{svg}");
    }
}
