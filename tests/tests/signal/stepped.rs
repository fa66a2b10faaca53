//! A signal after each instruction, on processors that can raise one.

use guarded_callback::{on_host_stack, trim};

use super::*;

callback! { "C-unwind" fn steps(arg) {
    // SAFETY: `step` passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    let mut scenario = (run.scenario, run.mode);
    run.prepared(|run| {
        // SAFETY: the handler is a C function, and `runs` expects the pair.
        unsafe {
            c::c_step(run.stack.flags());
            c::c_call_stepped(runs::of(Mode::Plain), to_c(&mut scenario))
        }
    })
} }

/// Runs the scenario with a callback from a handler after each instruction, for each kind of stack.
pub(super) fn step(mode: Mode, before: Option<fn(Mode) -> c_int>, scenario: fn(Mode) -> c_int) {
    for stack in STACKS {
        for handler in [answers::of(mode), answers_with_a_further_stack_always::of(mode)] {
            let mut run = Run { stack, mode, handler, before, scenario, calls: 0 };
            run.on_thread(THREAD_BYTES, steps::of(Mode::Plain));
        }
    }
}

/// As [`step`], once: for scenarios of very many instructions.
pub(super) fn step_once(mode: Mode, before: Option<fn(Mode) -> c_int>, scenario: fn(Mode) -> c_int) {
    let stack = Stack::Alternate;
    let mut run = Run { stack, mode, handler: answers::of(mode), before, scenario, calls: 0 };
    run.on_thread(THREAD_BYTES, steps::of(Mode::Plain));
}

/// Ends threads with a callback from a handler after each instruction of their end.
pub(super) fn step_to_the_end(mode: Mode, first: CCallback, arg: *mut c_void) {
    for stack in STACKS {
        if stack.disarms_itself() || stack.is_in_frame() {
            continue; // The C function makes none of these.
        }
        for handler in [answers::of(mode), answers_with_a_further_stack_always::of(mode)] {
            // SAFETY: the handler is a C function, and `first` gets the argument that it expects.
            let signals = unsafe {
                c::c_step(stack.flags());
                c::c_step_thread_end(THREAD_BYTES, stack.bytes(), first, arg, handler)
            };
            println!("{stack:?}: {signals} signals");
            assert!(signals > 100, "{stack:?}: {signals}, {:?}", stats());
            assert_no_stack_is_lost();
        }
    }
}

/// Leaves by siglongjmp out of the handler after the first instruction, the second, and so on; each time in the same thread, which
/// afterwards calls back as usual.
pub(super) fn jump_out_at_each(mode: Mode, scenario: fn(Mode) -> c_int) {
    for stack in [Stack::Interrupted, Stack::Alternate] {
        let mut run = Run { stack, mode, handler: answers::of(mode), before: Some(warm), scenario, calls: 0 };
        // SAFETY: the body expects this.
        let result = unsafe { c::c_call_on_thread(THREAD_BYTES, jumps_out_at_each::of(Mode::Plain), to_c(&mut run)) };
        assert_eq!(result, 0, "{stack:?}: {:?}", stats());
    }
    assert_no_stack_is_lost();
}

callback! { "C-unwind" fn jumps_out_at_each(arg) {
    // SAFETY: `jump_out_at_each` passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    let mut scenario = (run.scenario, run.mode);
    let (mut jumps, mut at) = (0, 1);
    let result = run.prepared(|run| {
        // SAFETY: the handler is a C function.
        unsafe { c::c_step(run.stack.flags()) };
        // SAFETY: `runs` expects the pair.
        let all = unsafe {
            c::c_call_stepped(runs::of(Mode::Plain), to_c(&mut scenario));
            // Now that the thread has its stacks.
            c::c_call_stepped_at(core::ffi::c_long::MAX, runs::of(Mode::Plain), to_c(&mut scenario));
            c::c_plan_signals()
        };
        // Every instruction of a short scenario, evenly spread ones of a long one.
        let step = (all / JUMPS).max(1);
        loop {
            // SAFETY: `runs` expects the pair; what is jumped over has nothing to drop.
            match unsafe { c::c_call_stepped_until(at, runs::of(Mode::Plain), to_c(&mut scenario)) } {
                JUMPED if (run.scenario)(run.mode) != 0 => return 1,
                JUMPED if jumps == 2 * JUMPS => return 0,
                JUMPED => (jumps, at) = (jumps + 1, at + step),
                result => return result,
            }
        }
    });
    println!("{jumps} jumps, {:?}", stats());
    result + c_int::from(jumps < 8)
} }

/// About how many instructions of a scenario a handler leaves by siglongjmp.
const JUMPS: core::ffi::c_long = if cfg!(debug_assertions) { 40 } else { 400 };

/// What `c_call_stepped_until` returns when the handler has jumped.
const JUMPED: c_int = -4000;

/// Nested bodies that C jumps out of.
pub(super) fn abandoned(mode: Mode) -> c_int {
    // SAFETY: the body expects the address of a callback; the frames that are jumped over have nothing to drop.
    unsafe { c::c_call_jumped(0, calls_again::of(mode), jumps_on_a_further_stack::of(mode).0.cast_mut()) - 1 }
}

callback! { "C" [reserve = 9 << 20] fn jumps_on_a_further_stack(_arg) {
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    unsafe { c::c_jump() }
} }

pub(super) fn calls_back_on_the_host(mode: Mode) -> c_int {
    let mut mode = mode;
    call(visits_its_host::of(Mode::Always), to_c(&mut mode))
}

callback! { "C" fn visits_its_host(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    on_host_stack(|| warm(mode)) + warm(mode)
} }

pub(super) fn panics_across(mode: Mode) -> c_int {
    let caught = std::panic::catch_unwind(|| call(unwinds::of(mode), ptr::null_mut()));
    c_int::from(caught.is_ok()) + warm(mode)
}

callback! { "C-unwind" fn unwinds(_arg) { std::panic::resume_unwind(Box::new(1_u8)) } }

pub(super) fn prepares(mode: Mode) -> c_int {
    prepare_thread();
    warm(mode)
}

pub(super) fn registers_a_part_of_its_stack(mode: Mode) -> c_int {
    let low = StackBounds::of_thread().expect("known").low();
    let registration = guarded_callback::register_stack(low..low + 4096).expect("room for one");
    let result = warm(mode);
    drop(registration);
    result + warm(mode)
}

pub(super) fn trims(mode: Mode) -> c_int {
    let result = nested_on_a_further_stack(mode);
    trim();
    result + nested_on_a_further_stack(mode)
}

/// A body looks where it is, while the thread holds a stack that nobody needs any more: a handler at one of the instructions takes that back.
pub(super) fn look_at_each(mode: Mode) {
    for stack in STACKS {
        let handler = answers_with_a_further_stack_always::of(mode);
        let mut run = Run { stack, mode, handler, before: Some(warm), scenario: looks_at_each, calls: 0 };
        run.on_thread(THREAD_BYTES, prepared_only::of(Mode::Plain));
    }
}

callback! { "C-unwind" fn prepared_only(arg) {
    // SAFETY: `look_at_each` passes it.
    let run = unsafe { &mut *arg.cast::<Run>() };
    run.prepared(|run| {
        // SAFETY: the handler is a C function.
        unsafe { c::c_step(run.stack.flags()) };
        (run.scenario)(run.mode)
    })
} }

fn looks_at_each(_mode: Mode) -> c_int {
    call(looks_beside_an_abandoned_stack::of(Mode::Always), ptr::null_mut())
}

callback! { "C" fn looks_beside_an_abandoned_stack(_arg) {
    // All of them in a release build; an unoptimised one has very many.
    let step = if cfg!(debug_assertions) { 29 } else { 1 };
    let mut at = 0;
    loop {
        at += step;
        // SAFETY: the bodies do not use their argument; nothing between has to be dropped.
        let wrong = unsafe {
            let jumped = c::c_call_jumped(0, jumps_on_a_further_stack::of(Mode::Always), ptr::null_mut());
            jumped - 1 + c::c_call_stepped_at(at, looks::of(Mode::Plain), ptr::null_mut())
        };
        // SAFETY: only tells a number.
        if wrong != 0 || unsafe { c::c_plan_signals() } < at {
            println!("{at} instructions");
            return wrong;
        }
    }
} }

callback! { "C" fn looks(_arg) {
    let knows = on_system_stack() && remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB);
    c_int::from(!knows)
} }
