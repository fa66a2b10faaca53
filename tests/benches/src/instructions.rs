//! The instructions of a warm callback, counted by callgrind, or by a plugin of qemu: exact, and
//! the same in every run.
//!
//! This program runs again there, and asks for the number after each row's loop (counter.rs).

use std::path::Path;
use std::process::Command;

use benches::{Shape, Variant};

use crate::object::Object;
use crate::rows::{Most, Row, rows};
use crate::table::{title, verdict};
use crate::{caller, child, counter};

/// What the child is told.
pub(crate) const TASK: &str = "instructions";

/// Calls that are counted of each row. What the loop needs outside of its calls is the same in all
/// rows of a shape.
const CALLS: u64 = 100;

/// The others differ from the first in the body alone.
const SHAPES: [Shape; 3] = [Shape::Tiny, Shape::Reading, Shape::Eight];

/// One row to count: the shape, the object and the row.
fn plan() -> Result<Vec<(Shape, Object, Row)>, String> {
    let mut plan = Vec::new();
    for shape in SHAPES {
        for object in Object::all()? {
            let rows = rows(shape).into_iter().filter(|row| row.variant != Variant::Grow);
            plan.extend(
                rows.filter(|row| object.function(shape, row.variant).is_some())
                    .map(|row| (shape, object, row)),
            );
        }
    }
    Ok(plan)
}

/// In the child: for each row one loop to warm up and one to count.
pub(crate) fn run_in_child() -> Result<(), String> {
    if !counter::is_plugin() {
        if cfg!(target_pointer_width = "64") {
            take_places_above_the_stack()?;
        }
        return count_rows();
    }
    // Not on the main thread: of musl's, stacker believes that it has no room, and maps a stack for
    // each call.
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(count_rows);
    let result = thread.map_err(|error| error.to_string())?.join();
    result.map_err(|_| "the thread that counts has panicked".to_owned())?
}

fn count_rows() -> Result<(), String> {
    for (shape, object, row) in plan()? {
        let function = object.function(shape, row.variant).ok_or("a callback is missing")?;
        for _ in 0..2 {
            caller::count(shape, row.host, object, function, CALLS);
        }
    }
    Ok(())
}

/// System stacks lie below all thread stacks, unless those lie where valgrind puts the main one: at
/// 0x1f_feff_0000 and below. With the addresses taken that the runtime asks for, valgrind chooses
/// lower ones.
fn take_places_above_the_stack() -> Result<(), String> {
    let (from, to) = (30_u64 << 40, 32_u64 << 40);
    #[allow(clippy::cast_possible_truncation, reason = "on 64-bit targets alone")]
    let (from, to) = (from as usize, to as usize);
    // FreeBSD counts no memory that was not touched.
    #[cfg(target_os = "freebsd")]
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON;
    #[cfg(not(target_os = "freebsd"))]
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
    // SAFETY: a fresh mapping at an address of the system's choice touches nothing that exists.
    let taken = unsafe {
        libc::mmap(
            core::ptr::without_provenance_mut(from),
            to - from,
            libc::PROT_NONE,
            flags,
            -1,
            0,
        )
    };
    if taken.addr() == from {
        Ok(())
    } else {
        Err("the addresses for system stacks cannot be taken".to_owned())
    }
}

/// Prints a table for each shape. Whether all bounds hold.
pub(crate) fn print() -> Result<bool, String> {
    let counted = count_all()?;
    let tables = SHAPES.map(|shape| print_table(shape, &of(shape, &counted)));
    // They tell of one target.
    let stated = counter::is_plugin()
        || cfg!(not(target_arch = "x86_64"))
        || is_stated("README.md", &counted)? & is_stated("runtime/guide/costs.md", &counted)?;
    Ok(tables.into_iter().all(|holds| holds) && stated)
}

/// Whether the table of a document says what was counted, but for a few instructions: compilers
/// differ.
fn is_stated(document: &str, counted: &[(Shape, Row, i64)]) -> Result<bool, String> {
    const TOLERANCE: i64 = 2;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(document);
    let text = std::fs::read_to_string(path).map_err(|error| format!("{document}: {error}"))?;
    let mut holds = true;
    for (shape, name) in [
        (Shape::Tiny, "two arguments"),
        (Shape::Reading, "40-byte struct by value"),
        (Shape::Eight, "eight arguments"),
    ] {
        let table = of(shape, counted);
        let added = |words: &[&str]| -> Vec<i64> {
            let rows = table.iter().filter(|(row, _)| words.contains(&row.name));
            rows.map(|(_, count)| per_call(count - table[0].1)).collect()
        };
        let columns = [
            added(&["when_low, in place", "always, in place"]),
            added(&["when_low, switched", "always, switched"]),
            added(&["corosensei::on_stack"]),
        ];
        let row = text.lines().find_map(|line| line.strip_prefix(&format!("| {name} | ")));
        let row = row.ok_or(format!("{document} has no row `{name}`"))?;
        for (cell, counts) in row.split('|').zip(columns) {
            let numbers = cell.split(' ').filter_map(|word| word.parse::<i64>().ok());
            let (least, most) = (counts.iter().min(), counts.iter().max());
            let (Some(least), Some(most)) = (least, most) else { return Err(name.to_owned()) };
            let numbers: Vec<i64> = numbers.collect();
            let is_near = |number: &i64| (least - TOLERANCE..=most + TOLERANCE).contains(number);
            if numbers.is_empty() || !numbers.iter().all(is_near) {
                println!("{document}: {name}: {least} to {most}, and not {}", cell.trim());
                holds = false;
            }
        }
    }
    Ok(holds)
}

/// What each row of a shape adds to the plain callback, in the executable and in the shared object.
pub(crate) fn added(shape: Shape) -> Result<Vec<(Row, i64, i64)>, String> {
    let table = of(shape, &count_all()?);
    let (executable, cdylib) = table.split_at(table.len() / 2);
    let added = |at: &[(Row, i64)], count: i64| per_call(count - at[0].1);
    let rows = executable.iter().zip(cdylib);
    Ok(rows.map(|(one, other)| (one.0, added(executable, one.1), added(cdylib, other.1))).collect())
}

fn of(shape: Shape, counted: &[(Shape, Row, i64)]) -> Vec<(Row, i64)> {
    counted.iter().filter(|one| one.0 == shape).map(|one| (one.1, one.2)).collect()
}

/// All rows of all shapes, those of the executable first.
fn count_all() -> Result<Vec<(Shape, Row, i64)>, String> {
    let folder = std::env::temp_dir().join(format!("benches-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let counts = count(&folder);
    // What stays behind in a folder for temporary files does no harm.
    let _ = std::fs::remove_dir_all(&folder);
    let counts = counts?;
    let plan = plan()?;
    if counts.len() != 2 * plan.len() {
        return Err(format!("{} counts were written for {} rows", counts.len(), plan.len()));
    }
    // Of the two loops of each row, the second.
    let counts = counts.into_iter().skip(1).step_by(2);
    Ok(plan.into_iter().zip(counts).map(|((shape, _, row), count)| (shape, row, count)).collect())
}

fn count(folder: &Path) -> Result<Vec<i64>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let file = folder.join("count");
    let counter = std::env::var(counter::COUNTER)
        .unwrap_or(format!("valgrind --tool=callgrind --callgrind-out-file={}", file.display()));
    let mut words = counter.split_whitespace();
    let name = words.next().unwrap_or_default();
    let output = Command::new(name)
        .args(words)
        .arg(program)
        .args(child::arguments(&[TASK]))
        .output()
        .map_err(|error| {
            format!("{name} cannot be started ({error}); on Debian: apt-get install {name}")
        })?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{name} failed: {errors}"));
    }
    if counter::is_plugin() {
        return errors.lines().filter(|line| line.starts_with("totals: ")).map(total).collect();
    }
    (1..)
        .map(|number| folder.join(format!("count.{number}")))
        .take_while(|file| file.exists())
        .map(|file| {
            total(
                &std::fs::read_to_string(&file)
                    .map_err(|error| format!("{}: {error}", file.display()))?,
            )
        })
        .collect()
}

/// The line `totals: <instructions>` of a text.
fn total(text: &str) -> Result<i64, String> {
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|total| total.trim().parse().ok()).ok_or(format!("no totals in {text}"))
}

fn print_table(shape: Shape, table: &[(Row, i64)]) -> bool {
    // The executable's rows, and those of the shared object if there is one.
    let objects: Vec<&[(Row, i64)]> =
        table.chunk_by(|(_, _), (row, _)| row.name != "plain").collect();
    let places = ["in the executable", "in the executable and in the shared object"];
    println!("\n{}: instructions, {}", title(shape), places[objects.len() - 1]);
    println!("{:<30}{}bound", "", format!("{:>6} {:>6}   ", "all", "added").repeat(objects.len()));
    let mut hold = true;
    for (at, (row, _)) in objects[0].iter().enumerate() {
        print!("{:<30}", row.name);
        let mut holds = true;
        for rows in &objects {
            let added = |row: &(Row, i64)| per_call(row.1 - rows[0].1);
            print!("{:>6} {:>+6}   ", per_call(rows[at].1), added(&rows[at]));
            let most = row.instructions.and_then(|most| match most {
                Most::Added(most) => Some(most),
                Most::Of(peer, part) => {
                    let peer = rows.iter().find(|(row, _)| row.variant == peer)?;
                    Some((added(peer) as f64 * part) as i64)
                }
            });
            holds &= most.is_none_or(|most| added(&rows[at]) <= most);
        }
        match row.instructions {
            Some(Most::Added(most)) => println!("at most +{most}: {}", verdict(holds)),
            Some(Most::Of(peer, part)) => {
                println!("at most {part:.1} of {peer:?}: {}", verdict(holds));
            }
            None => println!("-"),
        }
        hold &= holds;
    }
    hold
}

/// Rounded: the loop itself is spread over the calls.
fn per_call(instructions: i64) -> i64 {
    (instructions as f64 / CALLS as f64).round() as i64
}
