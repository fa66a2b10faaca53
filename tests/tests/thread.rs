//! Beginning and end of threads, of the process, and its doubling.

use core::ffi::c_int;
#[cfg(unix)]
use core::ffi::c_void;
use core::ptr;
#[cfg(unix)]
use core::sync::atomic::AtomicBool;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
#[cfg(unix)]
use std::sync::Barrier;

use guarded_callback::{on_system_stack, remaining_stack, stats};
#[cfg(unix)]
use tests::run_child;
use tests::{
    Mode, alone, c, callback, in_both_modes, maps, resident_bytes, rounds, to_c, use_stack,
};

const KIB: usize = 1024;

callback! { "C" fn works(_arg) {
    if !on_system_stack() || remaining_stack().is_none_or(|bytes| bytes < 128 * KIB) {
        return -1;
    }
    use_stack(120 * KIB)
} }

callback! { "C" fn does_nothing(_arg) { 0 } }

callback! { "C" fn works_and_tells_one(_arg) { 1 + use_stack(120 * KIB) } }

callback! { "C" [reserve = 9 << 20] fn jumps_away(_arg) {
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    unsafe { c::c_jump() }
} }

callback! { "C" fn calls_what_jumps_away(arg) {
    // SAFETY: the test passes the callback's address.
    unsafe { c::c_call(tests::CCallback(arg), ptr::null_mut()) }
} }

callback! { "C" [reserve = 9 << 20] fn lets_jump(arg) {
    // SAFETY: the body does not use its argument; the frames that are jumped over have nothing to
    // drop.
    unsafe { c::c_call_jumped(64 * KIB, tests::CCallback(arg), ptr::null_mut()) - 1 }
} }

callback! { "C" fn nests(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *arg.cast::<Mode>() };
    // SAFETY: the body expects the address of a callback.
    unsafe {
        c::c_call_with_frame(64 * KIB, lets_jump::of(mode), jumps_away::of(mode).0.cast_mut())
    }
} }

fn on_thread(stack_bytes: usize, f: tests::CCallback) -> c_int {
    // SAFETY: the bodies do not use their argument.
    unsafe { c::c_call_on_thread(stack_bytes, f, ptr::null_mut()) }
}

/// Maps that come until the pool has stacks for all places of threads. On i686 MSVC a stack must
/// lie below the calling stack, and the pool keeps 16 that threads of the system's lie below of.
const FITTING: usize =
    if cfg!(all(windows, target_arch = "x86", target_env = "msvc")) { 16 } else { 8 };

/// Runs `step` for a warm-up and `count` times more, and expects maps and memory not to grow.
fn flat(count: usize, step: impl FnMut()) {
    flat_but(8, count, step);
}

/// As [`flat`], with `slack` maps that come and go, and 128 KiB for each, for scenarios with
/// threads of the C library's own making.
fn flat_but(slack: usize, count: usize, mut step: impl FnMut()) {
    let count = rounds(count);
    (0..count / 10).for_each(|_| step());
    let (maps_before, bytes_before) = (maps(), resident_bytes());
    (0..count).for_each(|_| step());
    let (maps_after, bytes_after) = (maps(), resident_bytes());
    println!(
        "maps {maps_before} -> {maps_after}, resident {} -> {} KiB",
        bytes_before / KIB,
        bytes_after / KIB
    );
    assert!(maps_after <= maps_before + slack, "maps {maps_before} -> {maps_after}, {:?}", stats());
    if !tests::is_emulated("keeps memory of its own for each thread that there was") {
        let most = bytes_before + slack * 128 * KIB;
        assert!(bytes_after < most, "resident {bytes_before} -> {bytes_after}, {:?}", stats());
    }
}

callback! { "C" fn jumps(_arg) {
    // SAFETY: this frame has nothing to drop.
    unsafe { c::c_jump() }
} }

callback! { "C" fn is_jumped_over(arg) {
    // SAFETY: the test passes the mode; what is jumped over has nothing to drop.
    unsafe { c::c_call_jumped(0, jumps::of(*arg.cast::<Mode>()), ptr::null_mut()) }
} }

/// A thread that ends meets one that takes the stack which it has used last.
#[cfg(unix)]
struct Meeting {
    mode: Mode,
    round: AtomicUsize,
    taken: Barrier,
    over: Barrier,
}

// A late destructor, on a thread that keeps no stack any more.
#[cfg(unix)]
callback! { "C" fn comes_first(arg) {
    // SAFETY: the test passes the meeting.
    let meeting = unsafe { &*arg.cast::<Meeting>() };
    // SAFETY: the body does not use its argument.
    let wrong = unsafe { c::c_call(works::of(meeting.mode), ptr::null_mut()) };
    if meeting.round.fetch_add(1, Relaxed) == 1 {
        meeting.taken.wait();
        meeting.taken.wait();
    }
    wrong
} }

#[cfg(unix)]
callback! { "C" fn comes_second(arg) {
    // SAFETY: the test passes the meeting.
    let meeting = unsafe { &*arg.cast::<Meeting>() };
    meeting.taken.wait();
    // SAFETY: the body expects the meeting.
    unsafe { c::c_call(waits_for_the_end::of(meeting.mode), arg) }
} }

#[cfg(unix)]
callback! { "C" fn waits_for_the_end(arg) {
    // SAFETY: the test passes the meeting.
    let meeting = unsafe { &*arg.cast::<Meeting>() };
    let canary = [const { AtomicUsize::new(0x5a5a) }; 64];
    meeting.taken.wait();
    meeting.over.wait();
    c_int::from(canary.iter().any(|word| word.load(Relaxed) != 0x5a5a))
} }

callback! { "C" [reserve = tests::SYSTEM_STACK_BYTES + 200 * KIB] fn wants_more(_arg) { 0 } }

/// A thread that has called back, and waits to end.
struct Waiting(std::thread::JoinHandle<()>, std::sync::mpsc::Sender<()>);

impl Waiting {
    fn new(f: tests::CCallback) -> Self {
        let (end, ends) = std::sync::mpsc::channel();
        let (called, calls) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            // SAFETY: the bodies do not use their argument.
            assert_eq!(unsafe { c::c_call(f, ptr::null_mut()) }, 0);
            called.send(()).expect("the test waits");
            ends.recv().expect("the test says so");
        });
        calls.recv().expect("the thread calls back");
        Self(thread, end)
    }

    fn end(self) {
        self.1.send(()).expect("the thread waits");
        self.0.join().expect("the thread ends well");
    }
}

in_both_modes! {
    fn threads_that_need_more_than_others_use_stacks_again(mode) {
        let usual = || [(); 3].map(|()| Waiting::new(does_nothing::of(mode)));
        let mut larger = Waiting::new(wants_more::of(mode));
        for _ in 0..rounds(100) {
            let others = usual();
            larger.end();
            others.into_iter().for_each(Waiting::end);
            // The stacks that were given back last had the usual size.
            larger = Waiting::new(wants_more::of(mode));
        }
        larger.end();
        assert!(stats().stacks_mapped <= 8, "{:?}", stats());
    }

    fn exit_of_10_000_threads_leaks_nothing(mode) {
        flat(10_000, || assert_eq!(on_thread(16 * KIB, works::of(mode)), 0));
        // What is counted and what is there: nothing but the pool.
        assert!(stats().stacks_mapped <= 2, "{:?}", stats());
    }

    fn exit_of_many_threads_at_once_leaks_nothing(mode) {
        flat_but(64, 200, || {
            // SAFETY: the body does not use its argument.
            let result =
                unsafe { c::c_call_on_threads(40, 16 * KIB, works::of(mode), ptr::null_mut(), 0) };
            assert_eq!(result, 0);
        });
        // As many as threads at a time, of which some that were joined are not gone yet.
        assert!(stats().stacks_mapped <= 48, "{:?}", stats());
    }

    #[cfg(unix)]
    fn callback_from_a_key_destructor_works_and_leaks_nothing(mode) {
        let f = works_and_tells_one::of(mode);
        flat(2_000, || {
            // SAFETY: the body does not use its argument.
            assert_eq!(unsafe { c::c_call_at_thread_end(16 * KIB, 1, 4, f, ptr::null_mut()) }, 4);
        });
    }

    #[cfg(unix)]
    fn longjmp_in_a_key_destructor_leaves_memory_flat(mode) {
        let (f, mut mode) = (is_jumped_over::of(Mode::Plain), mode);
        flat(1_000, || {
            // SAFETY: the mode lives until the thread has ended.
            let jumps = unsafe { c::c_call_at_thread_end(16 * KIB, 1, 4, f, to_c(&mut mode)) };
            assert_eq!(jumps, 4);
        });
    }

    #[cfg(unix)]
    fn body_in_a_late_destructor_knows_its_stack(mode) {
        callback! { "C" fn knows(_arg) {
            i32::from(
                on_system_stack() && remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB),
            )
        } }
        // SAFETY: the body does not use its argument.
        let result =
            unsafe { c::c_call_at_thread_end(16 * KIB, 1, 4, knows::of(mode), ptr::null_mut()) };
        assert_eq!(result, 4);
    }

    #[cfg(unix)]
    fn stack_of_a_late_destructor_is_anothers_afterwards(mode) {
        let round = AtomicUsize::new(0);
        let (taken, over) = (Barrier::new(2), Barrier::new(2));
        let mut meeting = Meeting { mode, round, taken, over };
        let arg = to_c(&mut meeting).addr();
        let other = std::thread::spawn(move || {
            let arg = ptr::with_exposed_provenance_mut(arg);
            // SAFETY: the meeting lives until both threads have ended, and the body expects it.
            unsafe { c::c_call_on_thread(16 * KIB, comes_second::of(Mode::Plain), arg) }
        });
        let f = comes_first::of(Mode::Plain);
        // SAFETY: as above.
        let result = unsafe { c::c_call_at_thread_end(16 * KIB, 1, 4, f, to_c(&mut meeting)) };
        meeting.over.wait();
        assert_eq!((result, other.join().expect("no panic")), (0, 0));
    }

    #[cfg(unix)]
    fn first_callback_of_a_thread_in_the_last_round_of_destructors_leaks_nothing(mode) {
        // The runtime learns of such a thread's end from the next one in its place.
        let is_mapped_anew = cfg!(target_env = "musl") && cfg!(target_pointer_width = "64");
        if is_mapped_anew && tests::is_emulated("never maps at an address again soon (7.2)") {
            return;
        }
        let f = works_and_tells_one::of(mode);
        flat(2_000, || {
            // SAFETY: the body does not use its argument.
            assert_eq!(unsafe { c::c_call_at_thread_end(16 * KIB, 4, 4, f, ptr::null_mut()) }, 1);
        });
        assert!(stats().stacks_mapped <= 2, "{:?}", stats());
    }

    fn callback_from_a_rust_thread_local_destructor_works_and_leaks_nothing(mode) {
        thread_local! { static LAST: AtEnd = const { AtEnd(core::cell::Cell::new(None)) }; }
        struct AtEnd(core::cell::Cell<Option<Mode>>);
        impl Drop for AtEnd {
            fn drop(&mut self) {
                let mode = self.0.get().expect("set");
                // SAFETY: the body does not use its argument.
                let result = unsafe { c::c_call(works_and_tells_one::of(mode), ptr::null_mut()) };
                GOOD.fetch_add(usize::from(result == 1), Relaxed);
            }
        }
        static GOOD: AtomicUsize = AtomicUsize::new(0);
        flat_but(FITTING, 1_000, || {
            let thread = std::thread::Builder::new().stack_size(64 * KIB);
            thread
                .spawn(move || LAST.with(|last| last.0.set(Some(mode))))
                .expect("a thread")
                .join()
                .expect("its end");
        });
        let count = rounds(1_000);
        assert_eq!(GOOD.load(Relaxed), count + count / 10);
    }

    fn thread_that_jumped_over_nested_bodies_leaks_nothing(mode) {
        // The outer body on one system stack, the inner on a further one because it asks for so
        // much; both are jumped over, and the thread ends without another callback.
        callback! { "C" fn jumping_thread(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            let inner = jumps_away::of(mode).0.cast_mut();
            // SAFETY: the body expects the address of a callback; the frames that are jumped over
            // have nothing to drop.
            unsafe { c::c_call_jumped(0, calls_what_jumps_away::of(mode), inner) - 1 }
        } }
        let mut mode = mode;
        flat(1_000, || {
            // SAFETY: as above.
            let result = unsafe {
                c::c_call_on_thread(64 * KIB, jumping_thread::of(Mode::Plain), to_c(&mut mode))
            };
            assert_eq!(result, 0);
        });
    }

    fn body_jumped_over_below_a_further_stack_leaks_nothing(mode) {
        // The body that is jumped over was called from a further stack, whose own body returns:
        // nobody could tell later.
        let mut mode = mode;
        flat(200, || {
            // SAFETY: as above.
            let result = unsafe { c::c_call_on_thread(64 * KIB, nests::of(mode), to_c(&mut mode)) };
            assert_eq!(result, 0);
        });
    }

    #[cfg(unix)]
    fn child_of_a_fork_calls_back_while_others_churn(mode) {
        static STOP: AtomicBool = AtomicBool::new(false);
        let churners: Vec<_> = (0..3)
            .map(|_| std::thread::spawn(move || while !STOP.load(Relaxed) {
                assert_eq!(on_thread(16 * KIB, works::of(mode)), 0);
            }))
            .collect();
        assert_eq!(far_down(works::of(mode)), 0);
        for round in 0..rounds(300) {
            // A thread that has called back before forks, and one for which the child's is the
            // first callback.
            if round % 2 == 0 {
                fork_and_call(mode);
            } else {
                std::thread::spawn(move || fork_and_call(mode)).join().expect("no child failed");
            }
        }
        STOP.store(true, Relaxed);
        churners.into_iter().for_each(|churner| churner.join().expect("no callback failed"));
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
in_both_modes! {
    fn prepared_thread_calls_back_and_ends_in_a_sandbox_that_kills(mode) {
        callback! { "C" fn is_in_a_sandbox(arg) {
            guarded_callback::prepare_thread();
            // SAFETY: the test passes the callback's address; its body does not use its argument.
            unsafe {
                assert_eq!(c::c_allow_the_end_of_threads_only(), 0);
                c::c_call(tests::CCallback(arg), ptr::null_mut())
            }
        } }
        if tests::is_emulated("has no seccomp") {
            return;
        }
        let f = works_and_tells_one::of(mode).0.cast_mut();
        // SAFETY: the body expects the address of a callback.
        let result =
            unsafe { c::c_call_on_thread(256 * KIB, is_in_a_sandbox::of(Mode::Plain), f) };
        assert_eq!(result, 1);
    }
}

// On Windows `std::process::exit` runs no functions of atexit.
#[cfg(unix)]
#[test]
fn callback_from_atexit_is_made() {
    let name = "callback_from_atexit_is_made";
    callback! { "C" fn at_exit(_arg) {
        let text = if use_stack(100 * KIB) == 0 { "called at exit\n" } else { "damaged\n" };
        eprint!("{text}");
        0
    } }
    for mode in [Mode::Always, Mode::WhenLow] {
        let death = run_child(
            name,
            &format!("{name} {mode:?}"),
            |_| (),
            || {
                assert_eq!(on_thread(64 * KIB, works::of(mode)), 0);
                // SAFETY: the callback lives as long as the process.
                unsafe { c::c_call_at_exit(at_exit::of(mode)) };
            },
        );
        let Some(death) = death else { continue };
        assert_eq!((death.code, death.stderr.as_str()), (Some(0), "called at exit\n"), "{death:?}");
    }
}

in_both_modes! {
    fn exit_of_100_000_short_threads_leaks_nothing(mode) {
        flat(100_000, || assert_eq!(on_thread(16 * KIB, tells_where_it_is::of(mode)), 0));
        assert!(stats().stacks_mapped <= 2, "{:?}", stats());
    }

    fn trim_gives_back_what_nobody_uses(mode) {
        // SAFETY: the body does not use its argument.
        let result =
            unsafe { c::c_call_on_threads(40, 16 * KIB, works::of(mode), ptr::null_mut(), 0) };
        assert_eq!(result, 0);
        let before = (maps(), stats(), resident_bytes());
        let pooled = before.1.stacks_pooled;
        assert!(pooled > 0);
        // Their memory, but for the page of each header; their addresses stay.
        assert_eq!(guarded_callback::trim(), pooled);
        assert_eq!((stats().stacks_pooled, stats().stacks_unmapped), (pooled, 0));
        let kept = before.2 - resident_bytes().min(before.2);
        assert!(
            tests::is_emulated("keeps memory of its own") || kept >= pooled.min(16) * 56 * KIB,
            "{kept} bytes"
        );
        assert!(maps() <= before.0, "{} -> {}", before.0, maps());
        assert_eq!(guarded_callback::trim(), pooled);
        assert_eq!(on_thread(16 * KIB, works::of(mode)), 0);
        assert_eq!(stats().stacks_mapped, before.1.stacks_mapped, "the next one is mapped anew");
    }

    fn threads_that_begin_during_trim_find_the_other_stacks(mode) {
        let f = works::of(mode);
        // SAFETY: the body does not use its argument.
        let run = |threads| unsafe {
            c::c_call_on_threads(threads, 64 * KIB, f, ptr::null_mut(), 0)
        };
        // Some for trim to be busy with.
        assert_eq!(run(8), 0);
        let mapped = stats().stacks_mapped;
        static IS_OVER: AtomicUsize = AtomicUsize::new(0);
        let trims = std::thread::spawn(|| {
            while IS_OVER.load(Relaxed) == 0 {
                guarded_callback::trim();
            }
        });
        for _ in 0..rounds(2000) {
            assert_eq!(run(1), 0);
        }
        IS_OVER.store(1, Relaxed);
        trims.join().expect("it only trims");
        assert!(stats().stacks_mapped <= mapped.max(2), "{:?}", stats());
    }

    fn trim_in_a_body_leaves_stacks_in_use_alone(mode) {
        callback! { "C" fn trims(arg) {
            let canary = tests::Canary::new(1);
            guarded_callback::trim();
            // SAFETY: the test passes the address of a callback.
            let inner = unsafe { c::c_call(tests::CCallback(arg), ptr::null_mut()) };
            guarded_callback::trim();
            inner + c_int::from(!canary.is_intact()) + use_stack(64 * KIB)
        } }
        for _ in 0..100 {
            // SAFETY: the body expects the address of a callback.
            let result = unsafe {
                c::c_call_on_thread(
                    16 * KIB,
                    trims::of(mode),
                    works_deep::of(mode).0.cast_mut(),
                )
            };
            assert_eq!(result, 0);
        }
    }
}

callback! { "C" fn tells_where_it_is(_arg) { c_int::from(!on_system_stack()) } }

callback! { "C" [reserve = 9 << 20] fn works_deep(_arg) {
    if !on_system_stack() { return -1 }
    use_stack(120 * KIB)
} }

// Prints what the process takes while 10,000 threads are there.
#[cfg(target_os = "linux")]
callback! { "C" fn tells_memory(_arg) {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let kib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("in the status");
        line.split_whitespace().nth(1).expect("a number").to_owned()
    };
    println!("resident {} tables {}", kib("VmRSS:"), kib("VmPTE:"));
    0
} }

// Counts what /proc/self/status tells, which other systems do not have.
#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_idle_threads_take_less_than_24_kib_each() {
    let test = "ten_thousand_idle_threads_take_less_than_24_kib_each";
    if tests::is_emulated("keeps memory of its own for each thread") {
        return;
    }
    // With 32 bits there are addresses for some 1,900 stacks, whose slots have 2 MiB each, beside
    // those of their threads.
    const THREADS: usize = if cfg!(target_pointer_width = "64") { 10_000 } else { 1_500 };
    let taken = |mode: Mode| {
        let death = run_child(
            test,
            &format!("{test} {mode:?}"),
            |_| (),
            || {
                // 128 KiB: too little for the body, which both modes move.
                let f = does_nothing::of(mode);
                // SAFETY: the bodies do not use their argument.
                let wrong = unsafe {
                    c::c_call_in_crowd(
                        THREADS as c_int,
                        128 * KIB,
                        f,
                        ptr::null_mut(),
                        tells_memory::of(Mode::Plain),
                    )
                };
                assert_eq!(wrong, 0, "-3000: the system does not allow so many threads");
            },
        )?;
        assert_eq!(death.code, Some(0), "{}", death.transcript());
        let reported = death
            .stdout
            .lines()
            .find_map(|line| line.split_once("resident "))
            .expect("told")
            .1
            .to_owned();
        let mut numbers =
            reported.split(" tables ").map(|kib| kib.trim().parse::<usize>().expect("a number"));
        Some((numbers.next().expect("memory"), numbers.next().expect("tables")))
    };
    let [plain, always, when_low] = [taken(Mode::Plain), taken(Mode::Always), taken(Mode::WhenLow)];
    let Some((plain, plain_tables)) = plain else { return };
    for (resident, tables) in [always, when_low].into_iter().flatten() {
        let (each, tables_each) = (
            resident.saturating_sub(plain) as f64 / THREADS as f64,
            tables.saturating_sub(plain_tables) as f64 / THREADS as f64,
        );
        println!(
            "each of {THREADS} threads: {each:.1} KiB resident and {tables_each:.1} KiB of page \
             tables more than its twin's {plain} KiB in all"
        );
        assert!(each < 24.0, "{each} KiB");
    }
}

alone! {
    fn ten_thousand_threads_with_room_leak_nothing() {
        flat(10_000, || assert_eq!(on_thread(1024 * KIB, does_nothing::of(Mode::WhenLow)), 0));
    }
}

/// Calls where both modes switch.
#[cfg(unix)]
fn far_down(f: tests::CCallback) -> c_int {
    let low = guarded_callback::StackBounds::of_thread().expect("known").low();
    // SAFETY: the bodies do not use their argument.
    unsafe { c::c_call_with_left(64 * KIB, low, f, ptr::null_mut::<c_void>()) }
}

#[cfg(unix)]
fn fork_and_call(mode: Mode) {
    // SAFETY: the child only calls back, which allocates nothing, and ends by `_exit`.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: neither has preconditions; the alarm ends a child that hangs.
            unsafe { libc::alarm(20) };
            let first = far_down(works::of(mode));
            let second = far_down(works::of(mode));
            // SAFETY: ends the child without the destructors of the parent.
            unsafe { libc::_exit(if (first, second) == (0, 0) { 0 } else { 3 }) };
        }
        child => {
            let mut status = 0;
            // SAFETY: our own child.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!(status, 0, "how the child ended");
        }
    }
}
