//! What a thread keeps of the process's memory after one callback.

use core::ffi::c_void;

use benches::{Function, Shape, Variant};

use crate::child;
use crate::object::Object;
use crate::table::{median, verdict};

/// What a child is told.
pub(crate) const TASK: &str = "memory";

const THREADS: u32 = 200;

/// More than a thread keeps after a plain callback, in KiB.
const MOST_KIB: f64 = 8.0;

const CASES: [(&str, Variant, bool); 4] = [
    ("plain", Variant::Plain, false),
    ("always", Variant::Always, true),
    ("when_low", Variant::WhenLow, true),
    ("#[recursive]", Variant::Recursive, false),
];

unsafe extern "C" {
    fn while_threads_stay(
        function: Function,
        count: u32,
        look: unsafe extern "C" fn(*mut c_void),
        argument: *mut c_void,
    ) -> i32;
}

/// Prints the table. Whether the bound holds.
pub(crate) fn print(quick: bool) -> Result<bool, String> {
    let rounds = if quick { 1 } else { 5 };
    println!(
        "\nresident memory of a thread after one callback: KiB, {THREADS} threads, \
         median of {rounds} processes"
    );
    println!("{:<30} {:<7} {:>9} {:>9}   bound", "", "object", "all", "added");
    let mut hold = true;
    for object in Object::all()? {
        let mut plain = 0.0;
        for (name, variant, bounded) in CASES {
            let task = (variant as u32).to_string();
            let samples: Vec<f64> = (0..rounds)
                .map(|_| child::ask(&[TASK, object.name, &task]))
                .collect::<Result<_, _>>()?;
            let kib = median(&samples);
            if matches!(variant, Variant::Plain) {
                plain = kib;
            }
            print!("{name:<30} {:<7} {kib:>9.2} {:>+9.2}", object.name, kib - plain);
            if bounded {
                let holds = kib - plain <= MOST_KIB;
                print!("   at most +{MOST_KIB}: {}", verdict(holds));
                hold &= holds;
            }
            println!();
        }
    }
    Ok(hold)
}

/// In the child: KiB for each thread.
pub(crate) fn run_in_child(object: Object, case: &str) -> Result<f64, String> {
    let variant = CASES
        .iter()
        .find(|(_, variant, _)| (*variant as u32).to_string() == case)
        .ok_or("no such case")?
        .1;
    let function = object.function(Shape::Tiny, variant).ok_or("a callback is missing")?;
    let before = resident_kib()?;
    let mut during: Result<f64, String> = Err("not looked at".into());
    // SAFETY: the function has the signature of this shape, and `during` is what `look` expects.
    if unsafe { while_threads_stay(function, THREADS, look, (&raw mut during).cast()) } != 0 {
        return Err("no threads".into());
    }
    Ok((during? - before) / f64::from(THREADS))
}

/// # Safety
/// `argument` points to a `Result<f64, String>`.
unsafe extern "C" fn look(argument: *mut c_void) {
    // SAFETY: see above.
    unsafe { *argument.cast::<Result<f64, String>>() = resident_kib() };
}

/// Of the whole process. From the page tables, as the counters of /proc/self/statm lag behind.
fn resident_kib() -> Result<f64, String> {
    let text =
        std::fs::read_to_string("/proc/self/smaps_rollup").map_err(|error| error.to_string())?;
    let line =
        text.lines().find_map(|line| line.strip_prefix("Rss:")).ok_or("no Rss in smaps_rollup")?;
    line.trim().trim_end_matches(" kB").parse().map_err(|_| format!("`{line}` is no number of kB"))
}
