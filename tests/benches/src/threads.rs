//! Whether threads that call at the same time disturb each other.

use benches::{Function, Shape, Variant};

use crate::object::Object;
use crate::table::{median, verdict};

/// So many threads, and the calls that each of them makes.
const THREADS: [(u32, u64); 3] = [(1, 200_000), (2, 200_000), (64, 20_000)];

/// What a call on several threads may need more than on one, unless the plain one does as well.
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
    println!(
        "\nns of processor time for a call on each of so many threads, median of {rounds} rounds"
    );
    println!("{:<20} {:<7} {:>9} {:>9} {:>9}   bound", "", "object", "1", "2", "64");
    let mut hold = true;
    for object in Object::all()? {
        let mut times: [[Vec<f64>; THREADS.len()]; CASES.len()] = Default::default();
        for _ in 0..rounds {
            for ((_, variant), times) in CASES.iter().zip(&mut times) {
                let function =
                    object.function(Shape::Tiny, *variant).ok_or("a callback is missing")?;
                for ((count, calls), times) in THREADS.into_iter().zip(times) {
                    // SAFETY: the function has the signature of this shape.
                    times.push(unsafe { on_threads(function, count, calls) } / calls as f64);
                }
            }
        }
        let medians = times.each_ref().map(|times| times.each_ref().map(|times| median(times)));
        let [plain, ..] = &medians;
        for ((name, variant), times) in CASES.iter().zip(&medians) {
            print!("{name:<20} {:<7}", object.name);
            for time in times {
                print!(" {time:>9.2}");
            }
            if !matches!(variant, Variant::Plain) {
                let holds = (1..THREADS.len())
                    .all(|i| times[i] / times[0] <= MOST * f64::max(1.0, plain[i] / plain[0]));
                print!("   at most {MOST} x, or {MOST} times what plain has: {}", verdict(holds));
                hold &= holds;
            }
            println!();
        }
    }
    Ok(hold)
}
