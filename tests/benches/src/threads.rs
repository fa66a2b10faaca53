//! Whether two threads that call at the same time disturb each other.

use benches::{Function, Shape, Variant};

use crate::object::Object;
use crate::table::{median, verdict};

const CALLS: u64 = 200_000;

/// What two threads may need more for a call than one, unless the plain callback does as well.
const MOST: f64 = 1.05;

const CASES: [(&str, Variant); 3] = [
    ("plain", Variant::Plain),
    ("when_low, in place", Variant::WhenLow),
    ("always, switched", Variant::Always),
];

unsafe extern "C" {
    fn on_threads(function: Function, count: u32, calls: u64) -> f64;
}

/// Prints the table. Whether the bound holds.
pub(crate) fn print(quick: bool) -> Result<bool, String> {
    let rounds = if quick { 21 } else { 201 };
    println!("\none thread and two: ns of processor time for a call, median of {rounds} rounds");
    println!("{:<30} {:<7} {:>9} {:>9} {:>9}   bound", "", "object", "one", "two", "ratio");
    let mut hold = true;
    for object in Object::all()? {
        let mut times: [[Vec<f64>; 2]; CASES.len()] = Default::default();
        for _ in 0..rounds {
            for ((_, variant), times) in CASES.iter().zip(&mut times) {
                let function =
                    object.function(Shape::Tiny, *variant).ok_or("a callback is missing")?;
                for (count, times) in (1..).zip(times) {
                    // SAFETY: the function has the signature of this shape.
                    times.push(unsafe { on_threads(function, count, CALLS) } / CALLS as f64);
                }
            }
        }
        let [plain_one, plain_two] = times[0].each_ref().map(|times| median(times));
        for ((name, variant), times) in CASES.iter().zip(&times) {
            let [one, two] = times.each_ref().map(|times| median(times));
            let ratio = two / one;
            print!("{name:<30} {:<7} {one:>9.2} {two:>9.2} {ratio:>8.2}x", object.name);
            if !matches!(variant, Variant::Plain) {
                let holds = ratio <= MOST * f64::max(1.0, plain_two / plain_one);
                print!("   at most {MOST} x, or {MOST} times what plain has: {}", verdict(holds));
                hold &= holds;
            }
            println!();
        }
    }
    Ok(hold)
}
