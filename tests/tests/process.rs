//! Doubling, replacing and ending the process, from inside of bodies and while other threads call
//! back.
#![cfg(unix)]

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use guarded_callback::{StackBounds, on_system_stack, remaining_stack, stats, trim};
use tests::{
    CCallback, Canary, Mode, c, callback, in_both_modes, is_emulated, rounds, run_child, to_c,
    use_stack,
};

const KIB: usize = 1024;

callback! { "C" fn works(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 128 * KIB) { 1 } else { use_stack(64 * KIB) }
} }

callback! { "C" [reserve = 9 << 20] fn works_on_a_further_stack(_arg) {
    if on_system_stack() { use_stack(8 * KIB) } else { 1 }
} }

callback! { "C" fn calls_again(arg) {
    let canary = Canary::new(3);
    // SAFETY: the argument is the address of a callback that does not use its own.
    let below = unsafe { c::c_call(CCallback(arg), ptr::null_mut()) };
    below + c_int::from(!canary.is_intact())
} }

/// Calls where both modes switch.
fn far_down(f: CCallback, arg: *mut c_void) -> c_int {
    let low = StackBounds::of_thread().expect("known").low();
    // SAFETY: the callers pass what the body expects.
    unsafe { c::c_call_with_left(64 * KIB, low, f, arg) }
}

/// The warm way, the cold path and the pool, in turn.
fn all_ways(mode: Mode) -> c_int {
    let mut wrong = far_down(works::of(mode), ptr::null_mut());
    wrong += far_down(calls_again::of(mode), works_on_a_further_stack::of(mode).0.cast_mut());
    trim();
    wrong + far_down(calls_again::of(mode), works_on_a_further_stack::of(mode).0.cast_mut())
}

/// Runs `with` while three threads take every way that a callback has, among them new threads all
/// the time.
fn while_others_churn(mode: Mode, with: impl FnOnce()) {
    static STOP: AtomicBool = AtomicBool::new(false);
    let churn = move || {
        while !STOP.load(Relaxed) {
            assert_eq!(std::thread::spawn(move || all_ways(mode)).join().expect("its end"), 0);
            assert_eq!(all_ways(mode), 0);
        }
    };
    let others: Vec<_> = (0..3).map(|_| std::thread::spawn(churn)).collect();
    with();
    STOP.store(true, Relaxed);
    others.into_iter().for_each(|other| other.join().expect("no callback failed"));
}

/// Forks; the child ends with what `in_child` returns. How it ended, as wait(2) tells.
fn forked(in_child: impl FnOnce() -> c_int) -> c_int {
    // SAFETY: the child calls back and ends by `_exit`.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: neither has preconditions; the alarm ends a child that hangs.
            unsafe { libc::alarm(30) };
            let result = in_child();
            // SAFETY: ends the child without the destructors of the parent.
            unsafe { libc::_exit(result) }
        }
        child => status_of(child),
    }
}

fn status_of(child: c_int) -> c_int {
    let mut status = -1;
    // SAFETY: our own child.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    status
}

callback! { "C" fn forks(arg) {
    let canary = Canary::new(4);
    // SAFETY: the test passes the number; the child goes on as this thread would.
    unsafe { *arg.cast::<c_int>() = libc::fork() };
    c_int::from(!canary.is_intact()) + use_stack(64 * KIB)
} }

callback! { "C" fn replaces_the_process(_arg) {
    let canary = Canary::new(5);
    // SAFETY: they only tell a status.
    let status = unsafe { c::c_vfork_and_exec() + c::c_spawn() };
    status + c_int::from(!canary.is_intact())
} }

in_both_modes! {
    fn body_that_forks_returns_in_the_child(mode) {
        for _ in 0..100 {
            let mut child = -1;
            let result = far_down(forks::of(mode), to_c(&mut child));
            if child == 0 {
                // The body has returned here as well; the stack is idle, and all ways are open.
                let wrong = result + all_ways(mode);
                // SAFETY: ends the child without the destructors of the parent.
                unsafe { libc::_exit(wrong) };
            }
            assert_eq!((result, status_of(child)), (0, 0));
            assert_eq!(all_ways(mode), 0);
        }
    }

    fn child_of_a_fork_in_a_body_calls_back(mode) {
        while_others_churn(mode, || {
            for _ in 0..rounds(100) {
                let mut child = -1;
                let result = far_down(forks::of(mode), to_c(&mut child));
                if child == 0 {
                    // SAFETY: neither has preconditions; the alarm ends a child that hangs.
                    unsafe { libc::alarm(30) };
                    let wrong = result + (0..3).map(|_| all_ways(mode)).sum::<c_int>();
                    // SAFETY: as above.
                    unsafe { libc::_exit(wrong) };
                }
                assert_eq!((result, status_of(child)), (0, 0));
            }
        });
    }

    fn grandchild_of_a_fork_calls_back(mode) {
        while_others_churn(mode, || {
            for _ in 0..rounds(50) {
                let status = forked(|| {
                    let status = forked(|| all_ways(mode));
                    all_ways(mode) + c_int::from(status != 0)
                });
                assert_eq!(status, 0, "how the child ended");
            }
        });
    }

    fn vfork_and_spawn_from_a_body_leave_it_intact(mode) {
        // The child of a fork in qemu 7.2 waits for locks that qemu's other threads held.
        if is_emulated("makes a fork of vfork") {
            return;
        }
        while_others_churn(mode, || {
            for _ in 0..20 {
                assert_eq!(far_down(replaces_the_process::of(mode), ptr::null_mut()), 0);
                assert_eq!(
                    far_down(calls_again::of(mode), replaces_the_process::of(mode).0.cast_mut()),
                    0
                );
            }
        });
    }

    fn child_of_vfork_calls_back(mode) {
        if is_emulated("makes a fork of vfork") {
            return;
        }
        // Also as the first callback of the thread, on which the parent then goes on.
        callback! { "C" fn in_vfork(arg) {
            let f = CCallback(arg);
            // SAFETY: the body does not use its argument.
            let in_child = unsafe { c::c_call_in_vfork(f, ptr::null_mut()) };
            // SAFETY: as above.
            in_child + unsafe { c::c_call(f, ptr::null_mut()) }
        } }
        for f in [works::of(mode), works_on_a_further_stack::of(mode)] {
            for _ in 0..50 {
                // SAFETY: the body expects the address of a callback.
                let result = unsafe {
                    c::c_call_on_thread(64 * KIB, in_vfork::of(Mode::Plain), f.0.cast_mut())
                };
                assert_eq!(result, 0);
            }
        }
        let stats = stats();
        assert_eq!(stats.stacks_mapped - stats.stacks_unmapped, stats.stacks_pooled, "{stats:?}");
    }
}

static RUNNING: AtomicUsize = AtomicUsize::new(0);
callback! { "C" fn runs_on(_arg) {
    RUNNING.fetch_add(1, Relaxed);
    loop {
        use_stack(64 * KIB);
    }
} }
callback! { "C" fn exits(_arg) {
    while RUNNING.load(Relaxed) < 2 {
        std::thread::yield_now();
    }
    std::process::exit(5)
} }

#[test]
fn exit_in_a_body_while_others_run_bodies_ends_well() {
    let test = "exit_in_a_body_while_others_run_bodies_ends_well";
    for mode in [Mode::Always, Mode::WhenLow] {
        let death = run_child(
            test,
            &format!("{test} {mode:?}"),
            |_| (),
            || {
                for _ in 0..2 {
                    std::thread::spawn(move || far_down(runs_on::of(mode), ptr::null_mut()));
                }
                far_down(exits::of(mode), ptr::null_mut());
            },
        );
        let Some(death) = death else { continue };
        assert_eq!(death.code, Some(5), "{}", death.transcript());
    }
}
