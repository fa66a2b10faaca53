//! The figures of each callback: feature `stats`.
#![cfg(feature = "stats")]

use core::ffi::c_int;
use core::ptr;

use guarded_callback::{CallbackStats, StackBounds, callback_stats, guarded_callback, stats};
use tests::{CCallback, Mode, alone, c, callback, from_c, in_both_modes, to_c, use_stack};

const KIB: usize = 1024;

callback! { "C" [reserve = 200 * KIB] fn uses(arg) {
    // SAFETY: the tests pass a number of bytes.
    use_stack(unsafe { *from_c::<usize>(arg) })
} }

callback! { "C" fn uses_a_little(arg) {
    // SAFETY: as above.
    use_stack(unsafe { *from_c::<usize>(arg) })
} }

callback! { "C" fn jumps_away_from_deep(arg) {
    // SAFETY: as above; the frames between are C's and this one, which has nothing to drop.
    unsafe {
        use_stack(*from_c::<usize>(arg));
        c::c_jump()
    }
} }

#[guarded_callback(switch = never, fallback = -7, reserve = "4 MiB")]
extern "C" fn is_refused(_arg: *mut core::ffi::c_void) -> c_int {
    0
}

/// What this program has instead of the C library's function, as an allocation profiler may.
#[cfg(target_os = "linux")]
#[guarded_callback(switch = always)]
#[unsafe(no_mangle)]
unsafe extern "C" fn mincore(
    at: *mut core::ffi::c_void,
    bytes: usize,
    pages: *mut core::ffi::c_uchar,
) -> c_int {
    // SAFETY: as for the system call.
    unsafe { libc::syscall(libc::SYS_mincore, at, bytes, pages) as c_int }
}

/// The figures of the callback with this name.
#[track_caller]
fn figures(name: &str, mode: Mode) -> CallbackStats {
    let path =
        format!("stats::{name}::{}", if mode == Mode::Always { "always" } else { "when_low" });
    callback_stats()
        .find(|callback| callback.name == path)
        .unwrap_or_else(|| panic!("no {path}: {:?}", all()))
}

fn all() -> Vec<CallbackStats> {
    callback_stats().collect()
}

/// Calls where both modes switch.
fn far_down(f: CCallback, mut bytes: usize) -> c_int {
    let low = StackBounds::of_thread().expect("known").low();
    // SAFETY: the bodies expect a number.
    unsafe { c::c_call_with_left(64 * KIB, low, f, to_c(&mut bytes)) }
}

/// Frames beside those of `use_stack`, and whole pages.
const SLACK: usize = 40 * KIB;

#[track_caller]
fn about(figures: CallbackStats, bytes: usize) {
    let deepest = figures.deepest_bytes.expect("measured");
    assert!((bytes..bytes + SLACK).contains(&deepest), "{bytes} were used: {figures:?}");
}

in_both_modes! {
    fn calls_are_counted(mode) {
        for _ in 0..10 {
            // SAFETY: the body expects a number.
            assert_eq!(unsafe { c::c_call(uses::of(mode), to_c(&mut 1000_usize)) }, 0);
        }
        for _ in 0..5 {
            // SAFETY: as above.
            let result =
                unsafe { c::c_call_on_thread(32 * KIB, uses::of(mode), to_c(&mut 1000_usize)) };
            assert_eq!(result, 0);
        }
        let uses = figures("uses", mode);
        let switched = if mode == Mode::Always { 15 } else { 5 };
        assert_eq!(
            (uses.calls, uses.in_place, uses.switched, uses.refused),
            (15, 15 - switched, switched, 0)
        );
        assert_eq!(uses.asked_bytes, 200 * KIB);
        assert_eq!((stats().bodies_in_place, stats().bodies_switched), (15 - switched, switched));
    }

    fn body_in_place_on_a_system_stack_is_counted(mode) {
        callback! { "C" fn calls_ten_times(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *from_c::<Mode>(arg) };
            // SAFETY: the inner body expects a number.
            (0..10)
                .map(|_| unsafe { c::c_call(uses_a_little::of(mode), to_c(&mut 1000_usize)) })
                .sum()
        } }
        let mut mode = mode;
        // SAFETY: as above.
        let result =
            unsafe { c::c_call_on_thread(32 * KIB, calls_ten_times::of(mode), to_c(&mut mode)) };
        assert_eq!(result, 0);
        let inner = figures("uses_a_little", mode);
        assert_eq!((inner.in_place, inner.switched, inner.deepest_bytes), (10, 0, None));
    }

    fn deepest_use_is_each_callbacks_own(mode) {
        // A deep one first, on the same stack; each is measured at its first call.
        assert_eq!(far_down(uses::of(mode), 2 << 20), 0);
        for _ in 0..50 {
            assert_eq!(far_down(uses_a_little::of(mode), 100 * KIB), 0);
            assert_eq!(far_down(uses::of(mode), 1 << 20), 0);
        }
        about(figures("uses", mode), 2 << 20);
        about(figures("uses_a_little", mode), 100 * KIB);
    }

    fn call_that_goes_deeper_than_all_before_is_seen(mode) {
        for call in 1..=20 {
            // Not one of those that are measured in any case.
            let bytes = if call == 11 { 3 << 20 } else { 100 * KIB };
            assert_eq!(far_down(uses::of(mode), bytes), 0);
        }
        about(figures("uses", mode), 3 << 20);
        assert_eq!(far_down(uses_a_little::of(mode), 50 * KIB), 0);
        about(figures("uses_a_little", mode), 50 * KIB);
        about(figures("uses", mode), 3 << 20);
    }

    fn what_an_abandoned_body_has_used_counts_for_no_other(mode) {
        callback! { "C" fn jumps(arg) {
            // SAFETY: the test passes the mode; the frames that are jumped over have nothing to
            // drop.
            unsafe {
                c::c_call_jumped(
                    0,
                    jumps_away_from_deep::of(*from_c::<Mode>(arg)),
                    to_c(&mut (2_usize << 20)),
                ) - 1
            }
        } }
        let mut mode = mode;
        for _ in 0..7 {
            assert_eq!(far_down(uses_a_little::of(mode), 100 * KIB), 0);
            // SAFETY: as above.
            let result =
                unsafe { c::c_call_on_thread(64 * KIB, jumps::of(Mode::Plain), to_c(&mut mode)) };
            assert_eq!(result, 0);
            let low = StackBounds::of_thread().expect("known").low();
            // SAFETY: as above.
            let result = unsafe {
                c::c_call_with_left(64 * KIB, low, jumps::of(Mode::Plain), to_c(&mut mode))
            };
            assert_eq!(result, 0);
        }
        about(figures("uses_a_little", mode), 100 * KIB);
    }
}

alone! {
    #[cfg(target_os = "linux")]
    fn hook_of_what_measures_is_measured_as_any_callback() {
        let mut touched = 0;
        let page = (ptr::from_ref(&all).addr() & !(64 * KIB - 1)) as *mut core::ffi::c_void;
        for round in 1..=3 {
            // SAFETY: asks for one page.
            let _ = unsafe { libc::mincore(page, 1, &raw mut touched) };
            let hook = all().into_iter().find(|callback| callback.name == "stats::mincore");
            assert_eq!(hook.expect("it was called").switched, round);
        }
    }

    fn refusal_is_counted() {
        for _ in 0..3 {
            let f = CCallback(is_refused as *const core::ffi::c_void);
            // SAFETY: the body does not use its argument.
            assert_eq!(unsafe { c::c_call_on_thread(64 * KIB, f, ptr::null_mut()) }, -7);
        }
        let refused = all()
            .into_iter()
            .find(|callback| callback.name == "stats::is_refused")
            .expect("it was called");
        assert_eq!((refused.calls, refused.refused, refused.deepest_bytes), (3, 3, None));
    }
}
