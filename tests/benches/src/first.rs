//! The first callback: on a new thread of C with a stack from the pool, on the main thread, and in
//! the process. All on one processor: on another, which has been idle, a new thread finds nothing
//! in the caches, and the rows tell more of that than of callbacks.

use benches::{Shape, Variant};

use crate::child;
use crate::object::Object;
use crate::table::{median, spread, verdict};

/// What a child is told.
pub(crate) const TASK: &str = "first";

/// What `stacker::grow` adds to the first callback of a thread, in nanoseconds, on the machine that
/// the bounds were set for. Elsewhere they are as much larger as it is slower.
const GROW_WHERE_BOUNDS_WERE_SET: f64 = 11_700.0;

/// One case, and by how many nanoseconds it may be slower than the plain callback, where
/// `stacker::grow` is as fast as [`GROW_WHERE_BOUNDS_WERE_SET`] or faster.
struct Case {
    name: &'static str,
    variant: Variant,
    bound: Option<f64>,
}

/// Three system calls of 0.3 us each, and a little more than 0.5 us.
const POOLED: Option<f64> = Some(1500.0);

const WITH_POOL: &[Case] = &[
    Case { name: "plain", variant: Variant::Plain, bound: None },
    Case { name: "plain, once more", variant: Variant::Plain, bound: None },
    Case { name: "always", variant: Variant::Always, bound: POOLED },
    Case { name: "when_low", variant: Variant::WhenLow, bound: POOLED },
    Case { name: "stacker::maybe_grow", variant: Variant::MaybeGrow, bound: None },
    Case { name: "#[recursive]", variant: Variant::Recursive, bound: None },
];

const WITHOUT_POOL: &[Case] = &[
    Case { name: "plain", variant: Variant::Plain, bound: None },
    Case { name: "always", variant: Variant::Always, bound: Some(8000.0) },
    Case { name: "when_low", variant: Variant::WhenLow, bound: None },
    Case { name: "stacker::grow", variant: Variant::Grow, bound: None },
];

const IN_PROCESSES: [(&str, Case); 6] = [
    (MAIN, Case { name: "plain", variant: Variant::Plain, bound: None }),
    (
        MAIN,
        Case {
            name: "when_low, stack in the pool",
            variant: Variant::WhenLow,
            bound: Some(2000.0),
        },
    ),
    (MAIN, Case { name: "stacker::maybe_grow", variant: Variant::MaybeGrow, bound: None }),
    (EVER, Case { name: "plain", variant: Variant::Plain, bound: None }),
    (EVER, Case { name: "always, maps its stack", variant: Variant::Always, bound: None }),
    (EVER, Case { name: "stacker::grow", variant: Variant::Grow, bound: None }),
];

/// The first on the main thread, after another thread has ended.
const MAIN: &str = "main thread";

/// The first of the process, on a new thread.
const EVER: &str = "first of all";

unsafe extern "C" {
    fn first_here(function: benches::Function) -> f64;
    fn first_on_thread(function: benches::Function) -> f64;
}

/// Prints all tables. Whether all bounds hold.
pub(crate) fn print(quick: bool) -> Result<bool, String> {
    #[cfg(target_os = "linux")]
    let _here = OneProcessor::stay();
    let threads = if quick { 201 } else { 2001 };
    let mapping = measure(WITHOUT_POOL, threads / 4, Object::trim)?;
    let with_pool = measure(WITH_POOL, threads, |_| ())?;
    let slowness = slowness(&mapping);
    println!(
        "\nfirst callbacks: stacker::grow takes {slowness:.2} times what it did \
         where the bounds were set"
    );
    let slowness = slowness.max(1.0);
    let mut hold = print_on_threads("with a stack in the pool", WITH_POOL, &with_pool, slowness);
    hold &= print_on_threads("which maps its stack", WITHOUT_POOL, &mapping, slowness);
    Ok(print_in_processes(if quick { 11 } else { 101 }, slowness)? && hold)
}

/// Keeps this thread, and the threads and processes that it starts, on the processor that it is on.
/// Other systems have nothing of the kind.
#[cfg(target_os = "linux")]
struct OneProcessor(libc::cpu_set_t);

#[cfg(target_os = "linux")]
impl OneProcessor {
    /// `None` where the system does not allow it.
    fn stay() -> Option<Self> {
        // SAFETY: sets of processors are plain data, and as large as the calls are told; zero is
        // the calling thread.
        unsafe {
            let (mut before, mut here): (libc::cpu_set_t, libc::cpu_set_t) = core::mem::zeroed();
            let processor = usize::try_from(libc::sched_getcpu()).ok()?;
            libc::CPU_SET(processor, &mut here);
            let bytes = size_of::<libc::cpu_set_t>();
            let stays = libc::sched_getaffinity(0, bytes, &raw mut before) == 0
                && libc::sched_setaffinity(0, bytes, &raw const here) == 0;
            stays.then_some(Self(before))
        }
    }
}

#[cfg(target_os = "linux")]
impl Drop for OneProcessor {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const self.0) };
    }
}

/// The times of each case in one object.
type Measured = (Object, Vec<Vec<f64>>);

/// Times of the first callbacks of new threads, in both objects. `prepare` runs before each thread.
fn measure(
    cases: &[Case],
    rounds: usize,
    prepare: impl Fn(Object),
) -> Result<Vec<Measured>, String> {
    let mut measured = Vec::new();
    for object in Object::all()? {
        let mut times = vec![Vec::new(); cases.len()];
        let mut order = Order(1);
        // The first rounds fill the pool.
        for round in 0..rounds + 10 {
            for at in order.shuffled(cases.len()) {
                let function = object
                    .function(Shape::Tiny, cases[at].variant)
                    .ok_or("a callback is missing")?;
                prepare(object);
                // SAFETY: the function has the signature of this shape.
                let time = unsafe { first_on_thread(function) };
                if round >= 10 {
                    times[at].push(time);
                }
            }
        }
        measured.push((object, times));
    }
    Ok(measured)
}

/// How much slower this machine is than the one that the bounds were set for.
fn slowness(mapping: &[Measured]) -> f64 {
    let grow = WITHOUT_POOL
        .iter()
        .position(|case| matches!(case.variant, Variant::Grow))
        .expect("a row of the table");
    let added = mapping.iter().map(|(_, times)| median(&times[grow]) - median(&times[0]));
    added.sum::<f64>() / mapping.len() as f64 / GROW_WHERE_BOUNDS_WERE_SET
}

fn print_on_threads(which: &str, cases: &[Case], measured: &[Measured], slowness: f64) -> bool {
    head(&format!(
        "first callback on a new thread {which}: ns, median of {} threads",
        measured[0].1[0].len()
    ));
    let mut hold = true;
    for (object, times) in measured {
        for (case, case_times) in cases.iter().zip(times) {
            hold &= print_row(case, *object, case_times, median(&times[0]), slowness);
        }
    }
    hold
}

/// Who comes first in a round finds the caches as the others have left them, so the order changes
/// (xorshift).
struct Order(u64);

impl Order {
    fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            order.swap(last, self.0 as usize % (last + 1));
        }
        order
    }
}

fn print_in_processes(rounds: usize, slowness: f64) -> Result<bool, String> {
    let mut hold = true;
    let mut plain = 0.0;
    for (place, case) in &IN_PROCESSES {
        for object in Object::all()? {
            if matches!(case.variant, Variant::Plain) && object.name == "exe" {
                head(&format!("{place}: ns, median of {rounds} processes"));
            }
            let variant = format!("{} {}", place, case.variant as u32);
            let times: Vec<f64> = (0..rounds)
                .map(|_| child::ask(&[TASK, object.name, &variant]))
                .collect::<Result<_, _>>()?;
            if matches!(case.variant, Variant::Plain) {
                plain = median(&times);
            }
            hold &= print_row(case, object, &times, plain, slowness);
        }
    }
    Ok(hold)
}

/// In the child: `case` is the place and the number of the variant.
pub(crate) fn run_in_child(object: Object, case: &str) -> Result<f64, String> {
    let find =
        |(place, case_of): &&(&str, Case)| format!("{place} {}", case_of.variant as u32) == case;
    let (place, case) = IN_PROCESSES.iter().find(find).ok_or(format!("no case `{case}`"))?;
    let function = object.function(Shape::Tiny, case.variant).ok_or("a callback is missing")?;
    // SAFETY: the functions have the signature of this shape.
    unsafe {
        if *place == EVER {
            return Ok(first_on_thread(function));
        }
        first_on_thread(
            object.function(Shape::Tiny, Variant::Always).ok_or("a callback is missing")?,
        );
        Ok(first_here(function))
    }
}

fn head(title: &str) {
    println!(
        "\n{title}\n{:<30} {:<7} {:>9} {:>9} {:>9}   bound",
        "", "object", "time", "added", "spread"
    );
}

fn print_row(case: &Case, object: Object, times: &[f64], plain: f64, slowness: f64) -> bool {
    let time = median(times);
    print!(
        "{:<30} {:<7} {time:>9.0} {:>+9.0} {:>9.0}",
        case.name,
        object.name,
        time - plain,
        spread(times)
    );
    let bound = case.bound.map(|most| most * slowness);
    let holds = bound.is_none_or(|most| time - plain <= most);
    if let Some(most) = bound {
        print!("   at most +{most:.0}: {}", verdict(holds));
    }
    println!();
    holds
}
