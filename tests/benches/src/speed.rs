//! The time of a warm callback. All rows are measured in turns, in both objects, so that a change
//! of the machine's speed meets all of them; what a row adds is the median of its differences to
//! the plain callback of the same turn.

use benches::{Function, Shape, Variant};

use crate::caller::{self, Host};
use crate::object::Object;
use crate::rows::{Row, TimeBound, rows};
use crate::table::{median, spread, title, verdict};

/// What was measured of one row in one object, those of the executable first; all in nanoseconds
/// for each call (each sort, for that shape).
pub(crate) struct Measured {
    pub(crate) row: Row,
    pub(crate) time: f64,
    pub(crate) added: f64,
    pub(crate) spread: f64,
}

/// A row in an object, with the times of each turn.
struct Entry {
    object: Object,
    row: Row,
    function: Function,
    times: Vec<f64>,
}

/// Prints a table for each shape. Whether all bounds hold.
pub(crate) fn print(quick: bool) -> Result<bool, String> {
    let mut hold = true;
    for shape in Shape::ALL {
        let measured = measure(shape, quick)?;
        hold &= print_table(shape, rounds(shape, quick), &measured);
    }
    Ok(hold)
}

/// Measures one shape.
pub(crate) fn measure(shape: Shape, quick: bool) -> Result<Vec<Measured>, String> {
    let mut entries = Vec::new();
    for object in Object::all()? {
        for row in rows(shape) {
            if let Some(function) = object.function(shape, row.variant) {
                entries.push(Entry { object, row, function, times: Vec::new() });
            }
        }
    }
    for round in 0..=rounds(shape, quick) {
        for entry in &mut entries {
            let calls = calls(shape, entry.row.variant);
            let time = caller::time(shape, entry.row.host, entry.object, entry.function, calls);
            // The first round warms up.
            if round > 0 {
                entry.times.push(if shape == Shape::Sort { time } else { time / calls as f64 });
            }
        }
    }
    Ok(entries.iter().map(|entry| measured(entry, plain(&entries, entry.object))).collect())
}

fn rounds(shape: Shape, quick: bool) -> usize {
    match (shape, quick) {
        (Shape::Sort, true) => 3,
        (Shape::Sort, false) => 9,
        (_, true) => 51,
        (_, false) => 501,
    }
}

/// Calls in one turn: a fraction of a millisecond, so that few turns are interrupted.
fn calls(shape: Shape, variant: Variant) -> u64 {
    match (shape, variant) {
        (_, Variant::Grow) => 20,
        (Shape::Short, _) => 2_000,
        (Shape::Sort, _) => 1_000_000,
        _ => 10_000,
    }
}

/// The plain callback of an object.
fn plain(entries: &[Entry], object: Object) -> &Entry {
    entries.iter().find(|entry| entry.object.name == object.name).expect("the first row is plain")
}

fn measured(entry: &Entry, plain: &Entry) -> Measured {
    let added: Vec<f64> =
        entry.times.iter().zip(&plain.times).map(|(time, plain)| time - plain).collect();
    Measured {
        row: entry.row,
        time: median(&entry.times),
        added: median(&added),
        spread: spread(&added),
    }
}

fn print_table(shape: Shape, rounds: usize, measured: &[Measured]) -> bool {
    let (unit, scale) = if shape == Shape::Sort { ("ms", 1e6) } else { ("ns", 1.0) };
    let columns = format!("{:>9} {:>9} {:>8} {:>7}", "time", "added", "spread", "ratio");
    println!(
        "\n{}: {unit}, median of {rounds} rounds, in the executable and in the shared object",
        title(shape)
    );
    println!("{:<30}{columns}   {columns}   bound", "");
    let mut hold = true;
    let (executable, cdylib) = measured.split_at(measured.len() / 2);
    for (one, other) in executable.iter().zip(cdylib) {
        print!(
            "{:<30}{}   {}",
            one.row.name,
            numbers(one, executable, scale),
            numbers(other, cdylib, scale)
        );
        if let Some(bound) = one.row.time {
            let holds_here = holds(bound, one, executable) && holds(bound, other, cdylib);
            print!("   {}: {}", words(bound), verdict(holds_here));
            let limit_holds =
                [executable, cdylib].iter().all(|table| limit_holds(bound, one, table));
            if !(holds_here || limit_holds) {
                print!(", as is the limit by hand");
            }
            hold &= holds_here;
        }
        println!();
    }
    hold
}

fn numbers(one: &Measured, table: &[Measured], scale: f64) -> String {
    let (time, added, spread) = (one.time / scale, one.added / scale, one.spread / scale);
    format!("{time:>9.2} {added:>+9.2} {spread:>8.2} {:>6.2}x", ratio(one, table))
}

/// The first row of the table is the plain callback.
fn ratio(one: &Measured, table: &[Measured]) -> f64 {
    1.0 + one.added / table[0].time
}

fn words(bound: TimeBound) -> String {
    match bound {
        TimeBound::Added(most) => format!("at most +{most} ns, or noise"),
        TimeBound::OfCorosensei(part) => format!("at most {part} of what corosensei adds"),
        TimeBound::Ratio(most) => format!("at most {most} x"),
    }
}

/// Whether the bound of `ours` would hold for what a person writes by hand.
fn limit_holds(bound: TimeBound, ours: &Measured, table: &[Measured]) -> bool {
    let switches = ours.row.variant == Variant::Always && ours.row.host == Host::Thread;
    let limit = if switches { Variant::LimitSwitch } else { Variant::LimitCheck };
    table
        .iter()
        .find(|row| row.row.variant == limit)
        .is_some_and(|limit| holds(bound, limit, table))
}

fn holds(bound: TimeBound, one: &Measured, table: &[Measured]) -> bool {
    // What two measurements of the plain callback differ by.
    let noise = table[1].added.abs() + table[1].spread;
    match bound {
        TimeBound::Added(most) => one.added <= most.max(noise),
        TimeBound::OfCorosensei(part) => table
            .iter()
            .find(|other| other.row.variant == Variant::Corosensei)
            .is_some_and(|corosensei| one.added <= part * corosensei.added),
        TimeBound::Ratio(most) => ratio(one, table) <= most,
    }
}
