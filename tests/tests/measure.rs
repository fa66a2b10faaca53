//! `guarded_callback::measure`: how deep a call uses its stack.

use core::ptr;

use guarded_callback::{StackBounds, measure, on_system_stack, stats};
use tests::{Mode, alone, c, callback, in_both_modes, use_stack};

const KIB: usize = 1024;

callback! { "C" fn uses_a_hundred(_arg) { use_stack(100 * KIB) } }

/// What the frames beside those of `use_stack` take.
const SLACK: usize = if cfg!(debug_assertions) { 12 * KIB } else { 6 * KIB };

#[track_caller]
fn about(used: usize, bytes: usize) {
    assert!((bytes..bytes + SLACK).contains(&used), "{bytes} were used, and {used} measured");
}

alone! {
    fn use_of_a_closure_is_measured() {
        for kib in [8, 100, 500, 50, tests::SYSTEM_STACK_BYTES / KIB / 2, 8] {
            about(measure(|| _ = use_stack(kib * KIB)), kib * KIB);
        }
        assert!(measure(|| ()) < SLACK);
    }

    fn measured_call_runs_once_on_a_stack_of_its_own_inside_another() {
        let mut outer = 0;
        let inner = measure(|| {
            assert!(on_system_stack());
            use_stack(200 * KIB);
            outer = measure(|| _ = use_stack(300 * KIB));
        });
        about(inner, 200 * KIB);
        about(outer, 300 * KIB);
    }

    fn panic_of_the_call_gives_the_stack_back() {
        std::panic::set_hook(Box::new(|_| ()));
        for _ in 0..100 {
            assert!(std::panic::catch_unwind(|| measure(|| panic!("out of it"))).is_err());
        }
        assert!(stats().stacks_mapped < 4, "{:?}", stats());
    }

    fn threads_measure_at_the_same_time() {
        let measured =
            |kib: usize| std::thread::spawn(move || (kib, measure(|| _ = use_stack(kib * KIB))));
        for thread in [100, 200, 300, 400].map(measured) {
            let (kib, used) = thread.join().expect("it measures");
            about(used, kib * KIB);
        }
    }
}

in_both_modes! {
    fn callback_counts_as_part_of_the_call(mode) {
        // SAFETY: the body does not use its argument.
        let call = || unsafe { c::c_call(uses_a_hundred::of(mode), ptr::null_mut()) };
        for _ in 0..3 {
            about(measure(|| assert_eq!(call(), 0)), 100 * KIB);
            assert_eq!(call(), 0);
        }
        assert!(mode != Mode::Plain && StackBounds::current().is_some());
    }
}
