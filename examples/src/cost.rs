//! What one callback costs, called from a loop in C.

use std::time::Instant;

use guarded_callback::{guarded_callback, on_system_stack};

/// `calls_function` of cost.h.
type Function = extern "C" fn(value: u64) -> u64;

unsafe extern "C" {
    fn calls_repeat(function: Function, count: u64) -> u64;
}

/// A round takes a fraction of a millisecond, much less than a scheduler's time slice: on a busy
/// machine few rounds are interrupted, and the median does not see them.
const CALLS: u64 = 20_000;
const ROUNDS: usize = 501;

/// So little that what is measured is the call.
#[inline(always)]
fn step(value: u64) -> u64 {
    value ^ (value << 1) ^ 1
}

extern "C" fn plain(value: u64) -> u64 {
    step(value)
}

#[guarded_callback]
extern "C" fn in_place(value: u64) -> u64 {
    step(value)
}

#[guarded_callback(switch = always)]
extern "C" fn switching(value: u64) -> u64 {
    step(value)
}

/// Says which stack an `always` body runs on.
#[guarded_callback(switch = always)]
extern "C" fn switches(_value: u64) -> u64 {
    u64::from(on_system_stack())
}

/// Nanoseconds for each of `CALLS` calls from C.
fn timed(function: Function) -> f64 {
    let start = Instant::now();
    // SAFETY: `function` takes and returns a number and has no other duty.
    unsafe { calls_repeat(function, CALLS) };
    start.elapsed().as_nanos() as f64 / CALLS as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Measures in turns, so that a change of the machine's speed meets all of them, and prints the
/// medians.
pub(crate) fn print() {
    // SAFETY: as in `timed`.
    let switched = unsafe { calls_repeat(switches, 1) } == 1;
    let elsewhere = if switched {
        "guarded, on a system stack"
    } else {
        "guarded, always (no system stacks here)"
    };
    let callbacks: [(&str, Function); 3] =
        [("plain", plain), ("guarded, in place", in_place), (elsewhere, switching)];
    let mut times = callbacks.map(|_| Vec::with_capacity(ROUNDS));
    for round in 0..=ROUNDS {
        for ((_, function), times) in callbacks.iter().zip(&mut times) {
            let nanoseconds = timed(*function);
            // The first round warms up.
            if round > 0 {
                times.push(nanoseconds);
            }
        }
    }
    let medians = times.map(median);
    println!(
        "One callback from a loop in C, median of {ROUNDS} interleaved rounds of {CALLS} calls:\n"
    );
    for ((name, _), median) in callbacks.iter().zip(medians) {
        println!("  {name:<40} {median:5.2} ns   {:4.2} x", median / medians[0]);
    }
}
