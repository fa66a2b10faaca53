//! What bodies may call and ask for: the calling stack, stacks larger than usual, preparation, and
//! what becomes of further stacks.

use core::ffi::{c_int, c_void};
use core::ptr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use guarded_callback::{
    Settings, guarded_callback, on_host_stack, on_system_stack, remaining_stack, stats,
};
use tests::{CCallback, Canary, Mode, alone, c, callback, in_both_modes, to_c, use_stack};

const KIB: usize = 1024;

callback! { "C" [reserve = 64 << 20] fn uses_60_mib(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 64 << 20) { 1 } else { use_stack(60 << 20) }
} }

callback! { "C" fn calls_one_of_64_mib(arg) {
    let canary = Canary::new(2);
    // SAFETY: the argument is the address of a callback that does not use its own.
    let below = unsafe { c::c_call(CCallback(arg), ptr::null_mut()) };
    below + c_int::from(!canary.is_intact()) + use_stack(64 * KIB)
} }

callback! { "C" fn calls_one_after_the_other(arg) {
    // SAFETY: the test passes three callbacks that do not use their argument.
    let callbacks = unsafe { *arg.cast::<[CCallback; 3]>() };
    // SAFETY: as above.
    callbacks.map(|f| unsafe { c::c_call(f, core::ptr::null_mut()) }).into_iter().sum()
} }

callback! { "C-unwind" fn visits_its_host(arg) {
    let canary = Canary::new(7);
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    let mut wrong = c_int::from(!on_system_stack());
    // Two visits of the calling stack, one inside of a body that was called from the first.
    wrong += on_host_stack(|| {
        let left = on_system_stack();
        // SAFETY: the body expects the mode.
        let below = unsafe { c::c_call(visits_once::of(mode), arg) };
        below + c_int::from(left)
    });
    let caught = catch_unwind(AssertUnwindSafe(|| on_host_stack(|| resume_unwind(Box::new(9_u8)))));
    wrong += c_int::from(
        caught.err().and_then(|payload| payload.downcast_ref::<u8>().copied()) != Some(9),
    );
    wrong + c_int::from(!canary.is_intact() || !on_system_stack())
} }

callback! { "C-unwind" fn visits_once(arg) {
    let canary = Canary::new(8);
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    let on_system = on_system_stack();
    // SAFETY: the body does not use its argument.
    let below = on_host_stack(|| unsafe { c::c_call(works::of(mode), ptr::null_mut()) });
    below + c_int::from(!on_system || !canary.is_intact())
} }

callback! { "C" fn works(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 128 * KIB) { 1 } else { use_stack(100 * KIB) }
} }

#[guarded_callback(switch = always, fallback = -7)]
extern "C" fn wants_a_stack(_arg: *mut c_void) -> c_int {
    0
}

callback! { "C" fn visits_and_calls_one_that_wants_a_stack(_arg) {
    let canary = Canary::new(9);
    let f = CCallback(wants_a_stack as *const c_void);
    // SAFETY: the body does not use its argument.
    let there = on_host_stack(|| unsafe { c::c_call(f, ptr::null_mut()) });
    let intact = canary.is_intact() && on_system_stack() && use_stack(64 * KIB) == 0;
    if intact { there } else { 1 }
} }

callback! { "C" fn visits_and_is_jumped_over(_arg) {
    on_host_stack(|| ());
    // SAFETY: the test has set the target; there is nothing to drop.
    unsafe { c::c_jump() }
} }

callback! { "C" fn jumps_over_twenty(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    // Each frame lies over the one before it, which is the proof that that one is dead.
    (0..20).map(|_| {
        // SAFETY: the body does not use its argument.
        unsafe { c::c_call_jumped(4096, visits_and_is_jumped_over::of(mode), ptr::null_mut()) - 1 }
    }).sum()
} }

fn on_thread(stack_bytes: usize, f: CCallback, arg: *mut c_void) -> c_int {
    // SAFETY: the callers pass what the body expects.
    unsafe { c::c_call_on_thread(stack_bytes, f, arg) }
}

in_both_modes! {
    fn reserve_of_64_mib_is_given(mode) {
        for _ in 0..2 {
            assert_eq!(on_thread(64 * KIB, uses_60_mib::of(mode), ptr::null_mut()), 0);
            assert_eq!(
                on_thread(
                    64 * KIB,
                    calls_one_of_64_mib::of(mode),
                    uses_60_mib::of(mode).0.cast_mut()
                ),
                0
            );
        }
        let stats = stats();
        assert_eq!(
            stats.stacks_mapped - stats.stacks_unmapped,
            stats.stacks_pooled,
            "stacks were lost: {stats:?}"
        );
        assert!(stats.stacks_pooled <= 3, "stacks were not used again: {stats:?}");
    }

    fn visit_keeps_its_activation_alive_at_the_limit_of_stacks(mode) {
        Settings::new().stacks_per_thread(1).apply().expect("first");
        let f = visits_and_calls_one_that_wants_a_stack::of(mode);
        for _ in 0..10 {
            assert_eq!(on_thread(100 * KIB, f, ptr::null_mut()), -7, "{:?}", stats());
        }
    }

    fn idle_stack_that_is_too_small_does_not_count_at_the_limit_of_stacks(mode) {
        Settings::new().stacks_per_thread(1).apply().expect("first");
        for _ in 0..3 {
            let f = calls_one_after_the_other::of(Mode::Plain);
            let mut callbacks = [works::of(mode), uses_60_mib::of(mode), works::of(mode)];
            assert_eq!(on_thread(100 * KIB, f, to_c(&mut callbacks)), 0, "{:?}", stats());
        }
    }

    fn visit_that_has_ended_keeps_no_abandoned_stack(mode) {
        Settings::new().stacks_per_thread(3).apply().expect("first");
        let mut mode = mode;
        assert_eq!(
            on_thread(512 * KIB, jumps_over_twenty::of(Mode::Plain), to_c(&mut mode)),
            0,
            "{:?}",
            stats()
        );
    }

    fn visits_of_the_calling_stack_leave_it_and_the_body_intact(mode) {
        let mut mode = mode;
        for _ in 0..200 {
            assert_eq!(on_thread(100 * KIB, visits_its_host::of(mode), to_c(&mut mode)), 0);
        }
        let stats = stats();
        assert_eq!(
            stats.stacks_mapped - stats.stacks_unmapped,
            stats.stacks_pooled,
            "stacks were lost: {stats:?}"
        );
    }
}

callback! { "C" [reserve = 16 << 20] fn uses_12_mib(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 16 << 20) { 1 } else { use_stack(12 << 20) }
} }

callback! { "C" fn calls_16_mib_often(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    let call = || {
        // SAFETY: the body does not use its argument.
        unsafe { c::c_call(uses_12_mib::of(mode), ptr::null_mut()) }
    };
    let first = call();
    let before = stats();
    first + (0..50).map(|_| call()).sum::<c_int>() + c_int::from(stats() != before)
} }

/// What lies on the calling stack between the visit and the frame of C's caller, and what a body
/// needs to know to overwrite its own activation's record there.
#[cfg(target_os = "linux")]
struct Overwrites {
    mode: Mode,
    outer: usize,
    found: usize,
}

#[cfg(target_os = "linux")]
const OVERWRITTEN: usize = 0x55;

/// Overwrites all words with this value, which comes inverted, and tells where they are. Never
/// inlined: below the caller's frame, so that the range has none of this one's copies.
#[cfg(target_os = "linux")]
#[inline(never)]
fn overwrite(range: core::ops::Range<usize>, inverted: usize) -> Vec<usize> {
    let word = ptr::with_exposed_provenance_mut::<usize>;
    let words = (range.start.next_multiple_of(8)..range.end).step_by(8);
    // SAFETY: memory of the thread's own stack, between two live frames.
    let found: Vec<_> =
        words.filter(|&at| unsafe { !word(at).read_volatile() == inverted }).collect();
    // SAFETY: as above; what is overwritten is put back.
    found.iter().for_each(|&at| unsafe { word(at).write_volatile(OVERWRITTEN) });
    found
}

/// Puts them back, but for those that others have written to since.
#[cfg(target_os = "linux")]
#[inline(never)]
fn put_back(words: &[usize], inverted: usize) {
    for &at in words {
        let word = ptr::with_exposed_provenance_mut::<usize>(at);
        // SAFETY: as in `overwrite`.
        unsafe {
            if word.read_volatile() == OVERWRITTEN {
                word.write_volatile(!inverted);
            }
        }
    }
}

#[cfg(target_os = "linux")]
callback! { "C" fn visits_and_loses_its_record(arg) {
    let canary = Canary::new(11);
    // SAFETY: the test passes this.
    let overwrites = unsafe { tests::from_c::<Overwrites>(arg) };
    // The record holds the address of the header, which is where the room of a system stack ends.
    // Inverted, so that this body's own copies are not taken for it.
    let inverted = !guarded_callback::StackBounds::current().expect("a system stack").high();
    let wrong = on_host_stack(|| {
        let here = [0_usize; 4];
        let here = core::hint::black_box(&here).as_ptr().addr();
        // As when a host copies the slice of the stack away.
        let records = overwrite(here..overwrites.outer, inverted);
        overwrites.found = records.len();
        let f = works::of(overwrites.mode);
        // SAFETY: the body does not use its argument.
        let wrong = (0..20)
            .map(|_| unsafe { c::c_call_with_frame(1024, f, ptr::null_mut()) })
            .sum::<c_int>();
        put_back(&records, inverted);
        wrong
    });
    wrong + c_int::from(!canary.is_intact()) + use_stack(64 * KIB)
} }

#[cfg(target_os = "linux")]
callback! { "C" fn visits_from_here(arg) {
    let here = [0_usize; 4];
    // SAFETY: the test passes this.
    let overwrites = unsafe { tests::from_c::<Overwrites>(arg) };
    overwrites.outer = core::hint::black_box(&here).as_ptr().addr();
    // SAFETY: the body expects this.
    unsafe { c::c_call(visits_and_loses_its_record::of(overwrites.mode), arg) }
} }

in_both_modes! {
    fn reserve_of_16_mib_is_met_by_the_same_stack_each_time(mode) {
        let mut mode = mode;
        assert_eq!(on_thread(64 * KIB, calls_16_mib_often::of(Mode::Plain), to_c(&mut mode)), 0);
        let stats = stats();
        assert!(stats.stacks_mapped <= 2 && stats.slow_paths <= 2, "{stats:?}");
    }

    #[cfg(target_os = "linux")]
    fn visit_keeps_an_activation_alive_whose_record_is_overwritten(mode) {
        for _ in 0..10 {
            let mut overwrites = Overwrites { mode, outer: 0, found: 0 };
            assert_eq!(
                on_thread(120 * KIB, visits_from_here::of(Mode::Plain), to_c(&mut overwrites)),
                0
            );
            assert!(overwrites.found > 0, "no record was overwritten");
        }
        assert_eq!(stats().stacks_reclaimed, 0, "{:?}", stats());
    }
}

alone! {
    fn settings_of_several_crates_merge() {
        let none = Settings::current();
        assert_eq!(none, Settings::new());
        let first =
            Settings::new().system_stack_bytes(32 << 20).spare_stacks(3).apply().expect("fits");
        assert_eq!(
            (first.get_system_stack_bytes(), first.get_spare_stacks()),
            (32 << 20, none.get_spare_stacks())
        );
        // After callbacks as well; sizes and counts take the largest.
        assert_eq!(on_thread(64 * KIB, works::of(Mode::Always), ptr::null_mut()), 0);
        let more = Settings::new()
            .system_stack_bytes(16 << 20)
            .guard_bytes(4 << 20)
            .spare_stacks(100)
            .stacks_per_thread(50);
        let second = more.apply().expect("fits");
        assert_eq!(
            (second.get_system_stack_bytes(), second.get_guard_bytes()),
            (32 << 20, 4 << 20)
        );
        assert_eq!((second.get_spare_stacks(), second.get_stacks_per_thread()), (100, Some(50)));
        assert!(!second.get_switch_by_default() && !second.get_stay_on_foreign());
        let third = Settings::new().switch_by_default(true).apply().expect("fits");
        let fourth = Settings::new().stay_on_foreign(true).apply().expect("fits");
        assert!(
            third.get_switch_by_default()
                && fourth.get_switch_by_default()
                && fourth.get_stay_on_foreign()
        );
        assert_eq!(fourth, Settings::current());
        let wrong = Settings::new().system_stack_bytes(usize::MAX).apply();
        assert_eq!(
            (wrong, Settings::current()),
            (Err(guarded_callback::SettingsError::StackSize), fourth)
        );
        // The larger stacks are there, also for a thread that holds a smaller one.
        assert_eq!(on_thread(64 * KIB, wants_20_mib::of(Mode::Always), ptr::null_mut()), 0);
    }
}

callback! { "C" [reserve = 20 << 20] fn wants_20_mib(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 31 << 20) { 1 } else { use_stack(20 << 20) }
} }
