//! A signal at each instruction of the fast path, on processors whose instructions can be exchanged
//! for breakpoints: the handler puts the instruction back.

use super::*;

/// `bti c`, which the fast path begins with.
const LANDING_PAD: u32 = 0xd503_245f;

/// More than the fast path has. What lies behind it may be broken as well.
const MOST_INSTRUCTIONS: usize = 80;

fn read(at: *mut u32) -> u32 {
    // SAFETY: the callers look at code, which goes on for longer.
    unsafe { at.read() }
}

/// Where the instruction branches to, if it is `b` or `bl`.
fn target(at: *mut u32) -> Option<*mut u32> {
    let instruction = read(at);
    let offset = (instruction << 6).cast_signed() >> 6;
    (instruction & 0x7c00_0000 == 0x1400_0000).then(|| at.wrapping_offset(offset as isize))
}

/// The fast path of a callback: the first function with a landing pad that its shim calls.
fn fast_path_of(f: CCallback) -> *mut u32 {
    let shim = f.0.cast_mut().cast::<u32>();
    let mut targets = (0..64).filter_map(|number| target(shim.wrapping_add(number)));
    targets.find(|&target| read(target) == LANDING_PAD).expect("the shim calls the fast path")
}

callback! { "C-unwind" fn breaks(arg) {
    // SAFETY: `break_at_each` passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        let code = fast_path_of(answers::of(run.mode));
        let (mut wrong, mut hits) = (0, 0);
        for at in (0..MOST_INSTRUCTIONS).map(|number| code.wrapping_add(number)) {
            // SAFETY: code of this program, which only this thread runs; the handler is a C
            // function.
            hits += unsafe {
                c::c_break_at(at, run.stack.flags());
                wrong += (run.scenario)(run.mode);
                c::c_mend()
            };
        }
        println!("{hits} instructions");
        // The least is what a body in place takes.
        wrong + c_int::from(hits < 10)
    })
} }

/// Runs the scenario with a callback from a handler at each instruction of the fast path.
pub(super) fn break_at_each(mode: Mode, scenario: fn(Mode) -> c_int) {
    for stack in [Stack::Interrupted, Stack::Alternate, Stack::Tiny] {
        for handler in [answers::of(mode), answers_with_a_further_stack_always::of(mode)] {
            let mut run = Run { stack, mode, handler, before: Some(warm), scenario, calls: 0 };
            run.on_thread(THREAD_BYTES, breaks::of(Mode::Plain));
            assert_eq!(stats().stacks_reclaimed, 0, "no activation was taken for dead");
        }
    }
}
