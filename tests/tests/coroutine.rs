//! Foreign stacks: ucontext coroutines, mapped, on the heap, and carved out of the thread's own
//! stack.

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};

#[cfg(unix)]
use guarded_callback::{StackBounds, StackMap};
use guarded_callback::{on_system_stack, remaining_stack, stats};
#[cfg(unix)]
use tests::FREE_PLACES;
use tests::c::{self, Coroutine};
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use tests::can_be_written;
use tests::{
    CCallback, Canary, Mode, alone, callback, in_a_coroutine, in_both_modes, run_child, to_c,
    use_stack,
};

const KIB: usize = 1024;

/// A coroutine as its body sees it.
struct Job {
    coroutine: *mut Coroutine,
    mode: Mode,
    seed: u64,
    /// How often the body suspends itself.
    suspensions: usize,
    switched: bool,
    /// Where the stack of the body ends.
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    low: usize,
}

impl Job {
    fn new(mode: Mode, seed: u64) -> Self {
        Self {
            coroutine: ptr::null_mut(),
            mode,
            seed,
            suspensions: 1,
            switched: false,
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            low: 0,
        }
    }

    /// Makes the coroutine, which calls `f` with this job when it is resumed.
    fn start(&mut self, stack: &mut [u8], f: CCallback) {
        let arg = to_c(self);
        // SAFETY: the caller keeps stack and job until the coroutine has ended or is not resumed
        // any more.
        self.coroutine =
            unsafe { c::c_coroutine_new(stack.as_mut_ptr().cast(), stack.len(), f, arg) };
    }

    /// Whether it ended.
    fn resume(&self) -> bool {
        // SAFETY: started, and its stack is still there.
        unsafe { c::c_coroutine_resume(self.coroutine) == 1 }
    }

    fn result(&self) -> c_int {
        // SAFETY: started.
        unsafe { c::c_coroutine_result(self.coroutine) }
    }
}

/// A body that suspends the coroutine from the system stack, with a canary and with deep use of the
/// stack around it.
fn suspending(arg: *mut c_void) -> c_int {
    let job = arg.cast::<Job>();
    // SAFETY: `start` passed the job, which the test keeps.
    let (seed, coroutine, suspensions) =
        unsafe { ((*job).seed, (*job).coroutine, (*job).suspensions) };
    // SAFETY: as above.
    unsafe { (*job).switched = on_system_stack() };
    let canary = Canary::new(seed);
    let mut wrong = use_stack(100 * KIB);
    for _ in 0..suspensions {
        // SAFETY: this runs in the coroutine.
        unsafe { c::c_coroutine_suspend(coroutine) };
        wrong += use_stack(100 * KIB);
    }
    wrong + c_int::from(!canary.is_intact())
}

callback! { "C" fn does_nothing(_arg) { 0 } }

callback! { "C" fn keeps_what_it_has_written(arg) {
    let canary = Canary::new(arg.addr() as u64);
    (0..arg.addr() % 1009).for_each(|at| _ = core::hint::black_box(at));
    c_int::from(!canary.is_intact())
} }

callback! { "C" fn suspends(arg) { suspending(arg) } }

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
callback! { "C" fn pauses(arg) {
    // SAFETY: `start` passed the job, which the test keeps; this runs in the coroutine.
    unsafe {
        (*arg.cast::<Job>()).low = StackBounds::current().expect("a system stack").low();
        c::c_coroutine_suspend((*arg.cast::<Job>()).coroutine);
    }
    0
} }

callback! { "C" fn works(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 128 * KIB) {
        return -1;
    }
    use_stack(120 * KIB)
} }

callback! { "C" [reserve = 9 << 20] fn jumps(_arg) {
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    unsafe { c::c_jump() }
} }

callback! { "C" fn lets_jump(arg) {
    // SAFETY: the test passes the callback's address.
    unsafe { c::c_call_jumped(64 * KIB, CCallback(arg), ptr::null_mut()) - 1 }
} }

callback! { "C" fn jumps_and_suspends(arg) {
    // SAFETY: the test passes the job, and waits.
    let job = unsafe { &*arg.cast::<Job>() };
    let inner = jumps::of(job.mode).0.cast_mut();
    // SAFETY: the body expects the address of a callback.
    let jumped = unsafe { c::c_call(lets_jump::of(job.mode), inner) };
    jumped + c_int::from(job.resume())
} }

fn stacks(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| vec![0_u8; 16 * KIB]).collect()
}

/// Maps `bytes` at `at`, which is free; anywhere where that is 0.
#[cfg(unix)]
fn map(at: usize, bytes: usize, protection: i32) -> *mut u8 {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let at = ptr::without_provenance_mut(at);
    // SAFETY: a hint, and no MAP_FIXED: touches nothing that exists.
    let mapped = unsafe { libc::mmap(at, bytes, protection, flags, -1, 0) };
    assert_ne!(mapped, libc::MAP_FAILED);
    mapped.cast()
}

fn call_works(mode: Mode) -> c_int {
    // SAFETY: the body does not use its argument.
    unsafe { c::c_call(works::of(mode), ptr::null_mut()) }
}

in_both_modes! {
    fn body_on_a_16_kib_coroutine_has_room(mode) {
        let mut job = Job { suspensions: 0, ..Job::new(mode, 1) };
        let mut stack = vec![0_u8; 16 * KIB];
        job.start(&mut stack, suspends::of(mode));
        assert!(job.resume());
        assert_eq!(job.result(), 0);
        assert!(job.switched);
    }

    fn suspended_body_keeps_its_stack(mode) {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
            let mut memory = stacks(4);
            let mut jobs: Vec<Job> = (0..4).map(|i| Job::new(mode, i + 10)).collect();
            for (job, stack) in jobs.iter_mut().zip(&mut memory) {
                job.start(stack, suspends::of(mode));
                assert!(!job.resume());
                assert!(job.switched);
                assert_eq!(call_works(mode), 0);
            }
            for i in order {
                assert_eq!(call_works(mode), 0);
                assert!(jobs[i].resume());
                assert_eq!(jobs[i].result(), 0, "canary of {i} with order {order:?}");
                // SAFETY: it has ended.
                unsafe { c::c_coroutine_free(jobs[i].coroutine) };
            }
        }
        let stats = stats();
        assert!(
            stats.stacks_mapped <= 6,
            "stacks of ended activations were not used again: {stats:?}"
        );
        assert_eq!(stats.stacks_reclaimed, 0, "a suspended activation was taken for dead");
    }

    fn suspended_bodies_live_when_others_call_often(mode) {
        // More than the runtime's threshold for unproven activations, on stacks from the heap.
        let mut memory = stacks(60);
        let mut jobs: Vec<Job> =
            (0..60).map(|i| Job { suspensions: 2, ..Job::new(mode, i) }).collect();
        for (job, stack) in jobs.iter_mut().zip(&mut memory) {
            job.start(stack, suspends::of(mode));
            assert!(!job.resume());
        }
        for _ in 0..2 {
            for i in (0..60).map(|i| (i * 37) % 60) {
                jobs[i].resume();
                assert_eq!(call_works(mode), 0);
            }
        }
        assert!(jobs.iter().all(|job| job.result() == 0));
        assert_eq!(stats().stacks_reclaimed, 0);
    }

    fn body_that_resumes_a_coroutine_keeps_its_stack(mode) {
        // A body resumes a coroutine that is suspended in a body; that one ends first, then calls
        // come from both.
        let mut stack = vec![0_u8; 16 * KIB];
        let mut job = Job::new(mode, 5);
        job.start(&mut stack, suspends::of(mode));
        assert!(!job.resume());
        // SAFETY: `resumes` expects the job.
        assert_eq!(unsafe { c::c_call(resumes::of(mode), to_c(&mut job)) }, 0);
        assert_eq!(call_works(mode), 0);
    }

    fn nested_callback_stays_on_its_stack_after_a_coroutine_used_another(mode) {
        // Inside a body with room a coroutine calls back and ends; the next callback of the body
        // stays where the body is.
        let mut stack = vec![0_u8; 16 * KIB];
        let mut job = Job { suspensions: 0, ..Job::new(mode, 5) };
        job.start(&mut stack, suspends::of(mode));
        let mut small = (mode, to_c(&mut job));
        // SAFETY: `stays` expects this pair.
        assert_eq!(unsafe { c::c_call_on_thread(32 * KIB, stays::of(mode), to_c(&mut small)) }, 0);
    }

    #[cfg(unix)]
    fn stack_map_does_not_read_the_stack_of_a_coroutine_that_is_gone(mode) {
        // The coroutine is suspended inside a body and its stack unmapped: it will never be
        // resumed.
        let bytes = 64 * KIB;
        let memory = map(0, bytes, libc::PROT_READ | libc::PROT_WRITE);
        let mut job = Job::new(mode, 5);
        // SAFETY: the mapping just made, used by nobody else.
        job.start(
            unsafe { core::slice::from_raw_parts_mut(memory, bytes) },
            suspends::of(mode),
        );
        assert!(!job.resume());
        // SAFETY: the mapping is ours and the coroutine is not resumed any more.
        assert_eq!(unsafe { libc::munmap(memory.cast(), bytes) }, 0);
        assert_eq!(call_works(mode), 0);
        let picture = StackMap::current().to_string();
        assert!(picture.contains("system stack"), "{picture}");
    }

    fn suspended_body_is_finished_on_another_thread(mode) {
        let mut stack = vec![0_u8; 16 * KIB];
        let mut job = Job::new(mode, 5);
        job.start(&mut stack, suspends::of(mode));
        assert!(!job.resume());
        let address = (&raw mut job).addr();
        std::thread::spawn(move || {
            assert_eq!(call_works(mode), 0);
            let job = ptr::with_exposed_provenance::<Job>(address);
            // SAFETY: the other thread waits in `join` and touches nothing.
            assert!(unsafe { (*job).resume() });
            assert_eq!(call_works(mode), 0);
        })
        .join()
        .expect("the other thread");
        assert_eq!(job.result(), 0);
        assert_eq!(call_works(mode), 0);
    }

    fn body_is_finished_on_another_thread_while_its_own_calls_back(mode) {
        callback! { "C" fn suspends_at_once(arg) {
            // SAFETY: the test passes the job, and this runs in its coroutine.
            unsafe { c::c_coroutine_suspend((*arg.cast::<Job>()).coroutine) };
            0
        } }
        let rounds = tests::rounds(10_000);
        let (turn, mut stack) = (AtomicUsize::new(0), vec![0_u8; 16 * KIB]);
        let mut job = Job::new(mode, 1);
        let address = (&raw mut job).expose_provenance();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..rounds {
                    while turn.load(Acquire) != 2 * round + 1 {
                        std::thread::yield_now();
                    }
                    let job = ptr::with_exposed_provenance::<Job>(address);
                    // SAFETY: the test leaves the job alone until its turn comes.
                    assert!(unsafe { (*job).resume() });
                    turn.store(2 * round + 2, Release);
                }
            });
            for round in 0..rounds {
                job.start(&mut stack, suspends_at_once::of(mode));
                assert!(!job.resume());
                turn.store(2 * round + 1, Release);
                (0..round % 2000).for_each(|at| _ = core::hint::black_box(at));
                let f = does_nothing::of(Mode::Always);
                // SAFETY: the body does not use its argument.
                assert_eq!(unsafe { c::c_call(f, ptr::null_mut()) }, 0);
                while turn.load(Acquire) != 2 * round + 2 {
                    std::thread::yield_now();
                }
                // SAFETY: it has ended.
                unsafe { c::c_coroutine_free(job.coroutine) };
            }
        });
        // Those that were looked at in the moment of their end: their records tell, later.
        assert!(stats().stacks_reclaimed <= rounds / 10, "{:?}", stats());
        assert!(stats().stacks_mapped <= 3, "{:?}", stats());
    }

    fn body_has_its_stack_alone_where_handlers_move_callers_to_other_threads(mode) {
        const ARCHITECTURES: [&str; 4] = ["x86_64", "x86", "aarch64", "arm"];
        if !ARCHITECTURES.contains(&std::env::consts::ARCH) {
            eprintln!("who returns from a handler gets the thread pointer of before");
            return;
        }
        let moved = keeps_what_it_has_written::of(mode);
        let own = keeps_what_it_has_written::of(Mode::Always);
        let moves = tests::rounds(2_000).try_into().expect("a few");
        // SAFETY: the body takes any argument.
        assert_eq!(unsafe { c::c_contexts_that_are_moved(moved, own, moves) }, 0);
    }

    fn stacks_of_bodies_that_end_on_another_thread_are_used_again(mode) {
        let mut memory = stacks(404);
        let mut jobs: Vec<Job> = (0..404).map(|i| Job::new(mode, i)).collect();
        let (send, receive) = std::sync::mpsc::channel::<usize>();
        let (answer, answers) = std::sync::mpsc::channel();
        let other = std::thread::spawn(move || {
            for job in receive {
                let job = ptr::with_exposed_provenance::<Job>(job);
                // SAFETY: the test waits for the answer and does not touch the job.
                answer.send(unsafe { (*job).resume() && (*job).result() == 0 }).expect("it waits");
            }
        });
        for (at, (job, stack)) in jobs.iter_mut().zip(&mut memory).enumerate() {
            job.start(stack, suspends::of(mode));
            assert!(!job.resume(), "{at}");
        }
        // Four end on the other thread, again and again, among 400 that stay suspended.
        for _ in 0..1000 {
            for (job, stack) in jobs.iter_mut().zip(&mut memory).skip(400) {
                send.send(ptr::from_mut(job).expose_provenance()).expect("it receives");
                assert!(answers.recv().expect("an answer"));
                // SAFETY: it has ended.
                unsafe { c::c_coroutine_free(job.coroutine) };
                job.start(stack, suspends::of(mode));
            }
            assert!(jobs.iter().skip(400).all(|job| !job.resume()));
        }
        drop(send);
        other.join().expect("no crash");
        assert!(stats().stacks_mapped <= 410, "{:?}", stats());
    }

    fn stack_that_was_jumped_off_comes_back_when_its_callers_stack_is_used_again(mode) {
        // A body is jumped over, the one that it was called from returns, and a coroutine's takes
        // that one's stack with it out of the thread's life.
        for round in 0..100 {
            let mut stack = vec![0_u8; 16 * KIB];
            let mut job = Job::new(mode, round);
            job.start(&mut stack, suspends::of(mode));
            // SAFETY: the body expects the job.
            let result = unsafe {
                c::c_call_on_thread(64 * KIB, jumps_and_suspends::of(Mode::Plain), to_c(&mut job))
            };
            assert_eq!(result, 0);
            assert!(job.resume());
            assert_eq!(job.result(), 0);
        }
        let stats = stats();
        assert!(stats.stacks_mapped - stats.stacks_unmapped <= 20, "{stats:?}");
    }

    fn stack_of_a_suspended_body_comes_back_after_its_thread_has_ended(mode) {
        // Each thread suspends a body and ends; the body is finished here. The stacks must come
        // back without `trim`.
        for round in 0..tests::rounds(200) as u64 {
            let mut stack = vec![0_u8; 16 * KIB];
            let mut job = Job::new(mode, round);
            let address = (&raw mut job).expose_provenance();
            let memory = stack.as_mut_ptr().expose_provenance();
            std::thread::spawn(move || {
                // SAFETY: the other thread waits in `join` and touches nothing.
                let job = unsafe { &mut *ptr::with_exposed_provenance_mut::<Job>(address) };
                // SAFETY: as above.
                let stack =
                    unsafe {
                        core::slice::from_raw_parts_mut(
                            ptr::with_exposed_provenance_mut::<u8>(memory),
                            16 * KIB,
                        )
                    };
                job.start(stack, suspends::of(mode));
                assert!(!job.resume());
            })
            .join()
            .expect("the other thread");
            assert!(job.resume());
            assert_eq!(job.result(), 0);
        }
        let stats = stats();
        assert!(stats.stacks_mapped - stats.stacks_unmapped <= 20, "{stats:?}");
    }
}

// On Windows coroutines are fibers, whose stacks nobody chooses: the scenarios that do are for
// POSIX systems.

/// A coroutine on a 16 KiB piece of an array on the thread stack.
#[cfg(unix)]
fn carved(count: usize, call_between: bool) {
    let mode = Mode::Always;
    let mut array = [[0_u8; 16 * KIB]; 48];
    assert!(StackBounds::of_thread().expect("known").contains(array.as_ptr().addr()));
    let mut jobs: Vec<Job> = (0..count as u64).map(|i| Job::new(mode, i + 100)).collect();
    for (job, stack) in jobs.iter_mut().zip(array.iter_mut()) {
        job.start(stack, suspends::of(mode));
        assert!(!job.resume());
        assert!(job.switched);
        assert!(!call_between || call_works(mode) == 0);
    }
    // Calls from above and from below the coroutines.
    assert_eq!(call_works(mode), 0);
    // SAFETY: the body does not use its argument.
    assert_eq!(unsafe { c::c_call_with_frame(64 * KIB, works::of(mode), ptr::null_mut()) }, 0);
    for i in (0..count).map(|i| (i * 5) % count) {
        let ended = jobs[i].resume();
        assert!(ended && jobs[i].result() == 0, "coroutine {i} was damaged: {:?}", stats());
        assert_eq!(call_works(mode), 0);
    }
    assert_eq!(stats().stacks_reclaimed, 0, "a suspended activation was taken for dead");
}

alone! {
    #[cfg(unix)]
    fn carved_coroutines_suspended_in_bodies_live() { carved(2, true) }

    #[cfg(unix)]
    fn forty_one_carved_coroutines_suspended_in_bodies_live() { carved(41, false) }
}

callback! { "C" fn resumes(arg) {
    // SAFETY: the test passes the job.
    let job = unsafe { &*arg.cast::<Job>() };
    let canary = Canary::new(99);
    // Windows: after a coroutine that tells the system of no stack this one grows no more.
    let first = use_stack(200 * KIB) + call_works(job.mode);
    if !job.resume() {
        return 1;
    }
    first
        + job.result()
        + call_works(job.mode)
        + use_stack(100 * KIB)
        + c_int::from(!canary.is_intact())
} }

callback! { "C" fn stays(arg) {
    // SAFETY: the test passes this pair.
    let (mode, job) = unsafe { *arg.cast::<(Mode, *mut c_void)>() };
    // SAFETY: the pair's second is the job.
    let job = unsafe { &*job.cast::<Job>() };
    if !(on_system_stack() && job.resume() && job.result() == 0) {
        return 1;
    }
    // SAFETY: the body does not use its argument.
    unsafe { c::c_call(tells_sp::of(mode), ptr::null_mut()) };
    if TOLD_SP.load(Relaxed).abs_diff(tests::near_sp()) < 64 * KIB { 0 } else { 2 }
} }

static TOLD_SP: AtomicUsize = AtomicUsize::new(0);

callback! { "C" fn tells_sp(_arg) {
    TOLD_SP.store(tests::near_sp(), Relaxed);
    0
} }

/// A mapping at an address replaces nothing. Without a flag the address is a wish.
#[cfg(target_os = "linux")]
const IF_FREE: c_int = libc::MAP_FIXED_NOREPLACE;
/// As above.
#[cfg(all(unix, not(target_os = "linux")))]
const IF_FREE: c_int = 0;

/// Where coroutine stacks below and above the thread stack and the system stacks are mapped.
#[cfg(unix)]
fn mapped_at(address: usize, f: CCallback, mode: Mode) -> Option<(c_int, bool)> {
    let bytes = 64 * KIB;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | IF_FREE;
    // SAFETY: touches nothing that exists.
    let memory = unsafe {
        libc::mmap(
            ptr::without_provenance_mut(address),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            flags,
            -1,
            0,
        )
    };
    if memory.addr() != address {
        // Somebody is there already. qemu takes the address for a wish, too.
        if memory != libc::MAP_FAILED {
            // SAFETY: the mapping just made.
            unsafe { libc::munmap(memory, bytes) };
        }
        return None;
    }
    let mut job = Job { suspensions: 0, ..Job::new(mode, 3) };
    // SAFETY: the mapping just made, used by nobody else.
    job.start(unsafe { core::slice::from_raw_parts_mut(memory.cast(), bytes) }, f);
    assert!(job.resume());
    // SAFETY: the coroutine has ended.
    unsafe { libc::munmap(memory, bytes) };
    Some((job.result(), job.switched))
}

callback! { "C" [reserve = 12 << 20] fn has_twelve_mib(_arg) {
    c_int::from(remaining_stack().is_none_or(|bytes| bytes < 12 << 20))
} }

/// At an address that is less than the reserve.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn body_with_a_large_reserve_leaves_a_foreign_stack_at_a_low_address() {
    for mode in [Mode::WhenLow, Mode::Always] {
        // The first one in place on the thread stack.
        assert_eq!(call_works(mode), 0);
        if let Some(seen) = mapped_at(0x20_0000, has_twelve_mib::of(mode), mode) {
            assert_eq!(seen.0, 0, "{mode:?}");
        }
    }
}

#[cfg(unix)]
in_both_modes! {
    #[cfg(unix)]
    fn foreign_stack_below_the_thread_stack_is_told_from_it(mode) {
        assert_eq!(call_works(mode), 0);
        let low = StackBounds::of_thread().expect("known").low();
        assert_eq!(
            mapped_at(FREE_PLACES[0], suspends::of(mode), mode),
            Some((0, true)),
            "far below"
        );
        // And as near below as there is a place.
        let near = (1..100_000).map(|i| low / (64 * KIB) * (64 * KIB) - i * 64 * KIB);
        assert_eq!(
            near.into_iter().find_map(|address| mapped_at(address, suspends::of(mode), mode)),
            Some((0, true))
        );
    }

    #[cfg(unix)]
    fn foreign_stack_above_the_thread_stack_is_told_from_it(mode) {
        // The thread's stack lies low, the coroutine's far above and just above.
        callback! { "C" fn outer(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            let bounds = StackBounds::of_thread().expect("known");
            // musl keeps its own data at the high end, so that the bounds end before the memory.
            for address in
                [bounds.high().next_multiple_of(64 * KIB), FREE_PLACES[2], FREE_PLACES[3]]
            {
                let called = mapped_at(address, suspends::of(mode), mode);
                assert_eq!(called, Some((0, true)), "{address:#x}");
            }
            c_int::from(call_works(mode) != 0)
        } }
        let mut mode = mode;
        // SAFETY: as above.
        let result = unsafe {
            c::c_call_on_thread_at(
                FREE_PLACES[1],
                1024 * KIB,
                outer::of(Mode::Plain),
                to_c(&mut mode),
            )
        };
        assert_eq!(result, 0);
    }
}

#[test]
fn body_beyond_the_limit_of_stacks_aborts_with_one_line() {
    let name = "body_beyond_the_limit_of_stacks_aborts_with_one_line";
    let death = run_child(
        name,
        name,
        |_| (),
        || {
            guarded_callback::Settings::new().stacks_per_thread(4).apply().expect("first");
            let mut memory = stacks(8);
            let mut jobs: Vec<Job> = (0..8).map(|i| Job::new(Mode::WhenLow, i)).collect();
            for (job, stack) in jobs.iter_mut().zip(&mut memory) {
                job.start(stack, suspends::of(Mode::WhenLow));
                job.resume();
            }
        },
    );
    let Some(death) = death else { return };
    assert!(death.is_abort(), "{death:?}");
    for word in [
        "guarded-callback: `",
        "suspends::when_low",
        "limit of 4 system stacks",
        "unknown bounds",
        "fallback",
    ] {
        assert!(death.stderr.contains(word), "{word}: {death:?}");
    }
}

/// Runs `step` for a warm-up and `count` times more, and expects maps and memory not to grow.
#[cfg(unix)]
fn flat(count: usize, mut step: impl FnMut(usize)) {
    let count = tests::rounds(count);
    (0..count / 5).for_each(&mut step);
    let (maps_before, bytes_before) = (tests::maps(), tests::resident_bytes());
    (0..count).for_each(&mut step);
    println!(
        "maps {maps_before} -> {}, {bytes_before} -> {} bytes",
        tests::maps(),
        tests::resident_bytes()
    );
    assert!(
        tests::maps() <= maps_before + 32,
        "maps {maps_before} -> {}, {:?}",
        tests::maps(),
        stats()
    );
    if !tests::is_emulated("keeps memory of its own for each thread") {
        assert!(
            tests::resident_bytes() < bytes_before + 4096 * KIB,
            "{bytes_before} -> {}",
            tests::resident_bytes()
        );
    }
}

/// Memory of coroutines that was not freed.
#[cfg(unix)]
static KEPT: std::sync::Mutex<Vec<Vec<u8>>> = std::sync::Mutex::new(Vec::new());

/// Memory for a coroutine.
#[cfg(unix)]
fn memory(bytes: usize) -> Vec<u8> {
    KEPT.lock().expect("no panics").pop().unwrap_or_else(|| vec![0; bytes])
}

/// Frees it with what is suspended there; it is overwritten and used again where
/// nobody would tell.
#[cfg(unix)]
fn free(mut memory: Vec<u8>) {
    if tests::is_unmapping_untold() {
        memory.fill(0x55);
        KEPT.lock().expect("no panics").push(memory);
    }
}

callback! { "C" fn jumps_away(_arg) {
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    if on_system_stack() { unsafe { c::c_jump() } } else { -1 }
} }

/// How often, in which mode, and whether on a registered stack.
struct Jumps {
    count: usize,
    mode: Mode,
}

callback! { "C" fn jumps_at_many_depths(arg) {
    // SAFETY: the test passes this.
    let &mut Jumps { count, mode } = unsafe { tests::from_c::<Jumps>(arg) };
    for round in 0..count {
        let depth = round.wrapping_mul(7919) % 61 * 1024;
        // SAFETY: the body does not use its argument.
        if unsafe { c::c_call_jumped(depth, jumps_away::of(mode), ptr::null_mut()) } != 1 {
            return 1;
        }
    }
    0
} }

#[cfg(unix)]
callback! { "C" fn frees_a_suspended_coroutine(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *tests::from_c::<Mode>(arg) };
    let mut memory = memory(32 * KIB);
    let mut job = Job::new(mode, 1);
    job.start(&mut memory, suspends::of(mode));
    let has_ended = job.resume();
    // SAFETY: it is never resumed again.
    unsafe { c::c_coroutine_free(job.coroutine) };
    // As freed memory is used again.
    memory.fill(0x55);
    core::hint::black_box(&memory);
    free(memory);
    c_int::from(has_ended)
} }

#[cfg(unix)]
callback! { "C" fn jumps_in_a_coroutine(arg) {
    // SAFETY: the test passes the mode.
    let mode = unsafe { *tests::from_c::<Mode>(arg) };
    let mut jumps = Jumps { count: 10, mode };
    let mut memory = memory(96 * KIB);
    let f = jumps_at_many_depths::of(Mode::Plain);
    // SAFETY: the body expects the jumps.
    let seen = unsafe { in_a_coroutine(&mut memory, f, to_c(&mut jumps)) };
    free(memory);
    c_int::from(seen != (1, 0))
} }

in_both_modes! {
    fn six_hundred_bodies_are_suspended_at_a_time(mode) {
        let mut memory = stacks(600);
        let mut jobs: Vec<Job> = (0..600).map(|i| Job::new(mode, i)).collect();
        for (job, stack) in jobs.iter_mut().zip(&mut memory) {
            job.start(stack, suspends::of(mode));
            assert!(!job.resume());
            assert_eq!(call_works(mode), 0);
        }
        for i in (0..600).map(|i| (i * 37) % 600) {
            assert!(jobs[i].resume());
            assert_eq!(jobs[i].result(), 0, "coroutine {i}");
        }
        assert_eq!((stats().stacks_reclaimed, stats().refusals), (0, 0), "{:?}", stats());
    }

    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn thousands_of_stacks_take_few_mappings_and_have_their_guards(mode) {
        const MADV_GUARD_INSTALL: c_int = 102;
        let page = map(0, 4096, libc::PROT_NONE);
        // SAFETY: a mapping that nothing lives in.
        let takes = |advice| unsafe { libc::madvise(page.cast(), 4096, advice) } == 0;
        if takes(-1) || !takes(MADV_GUARD_INSTALL) {
            eprintln!("the kernel is older than Linux 6.13, or qemu, which takes any advice");
            return;
        }
        let mut memory = stacks(3000);
        let mut jobs: Vec<Job> = (0..3000).map(|i| Job::new(mode, i)).collect();
        let mut mappings = [0; 3];
        for (thousand, jobs) in jobs.chunks_mut(1000).enumerate() {
            for (job, stack) in jobs.iter_mut().zip(&mut memory[thousand * 1000..]) {
                job.start(stack, pauses::of(mode));
                assert!(!job.resume());
            }
            let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc");
            mappings[thousand] = maps.lines().count();
        }
        println!("{mappings:?}");
        assert!(mappings[2] - mappings[1] < 100, "{mappings:?}");
        for Job { low, .. } in &jobs {
            assert!(can_be_written(*low));
            assert!(!can_be_written(low - 1) && !can_be_written(low - tests::GUARD_BYTES));
        }
        assert!(jobs.iter().all(|job| job.resume() && job.result() == 0));
    }

    #[cfg(unix)]
    #[cfg(target_os = "linux")]
    fn suspended_body_lives_while_its_coroutine_cannot_be_accessed(mode) {
        let mut memory = [0; 9].map(|_| vec![0_u8; 128 * KIB]);
        let stacks = memory.each_mut().map(|memory| {
            let unaligned = memory.as_ptr().align_offset(4096);
            &mut memory[unaligned..][..64 * KIB]
        });
        let protect = |low: usize, protection| {
            let low = ptr::without_provenance_mut(low);
            // SAFETY: the stack of a coroutine that is suspended.
            assert_eq!(unsafe { libc::mprotect(low, 64 * KIB, protection) }, 0);
        };
        let lows = stacks.each_ref().map(|stack| stack.as_ptr().addr());
        let mut jobs: Vec<Job> = (0..9).map(|seed| Job::new(mode, seed)).collect();
        for (job, stack) in jobs.iter_mut().zip(stacks) {
            job.start(stack, suspends::of(mode));
        }
        let (guarded, others) = jobs.split_at(4);
        guarded.iter().zip(lows).for_each(|(job, low)| {
            assert!(!job.resume());
            protect(low, libc::PROT_NONE);
        });
        // Each looks at some of the records.
        others.iter().for_each(|job| assert!(!job.resume()));
        others.iter().for_each(|job| assert!(job.resume() && job.result() == 0));
        guarded.iter().zip(lows).for_each(|(job, low)| {
            protect(low, libc::PROT_READ | libc::PROT_WRITE);
            assert!(job.resume() && job.result() == 0, "{:?}", stats());
        });
    }

    fn longjmp_at_many_depths_of_one_coroutine_is_never_refused(mode) {
        let mut jumps = Jumps { count: tests::rounds(3000), mode };
        let mut memory = vec![0_u8; 96 * KIB];
        let f = jumps_at_many_depths::of(Mode::Plain);
        // SAFETY: the body expects the jumps.
        let seen = unsafe { in_a_coroutine(&mut memory, f, to_c(&mut jumps)) };
        assert_eq!(seen, (1, 0));
        assert!(stats().stacks_mapped <= 130, "two for each depth at most: {:?}", stats());
    }

    #[cfg(unix)]
    fn longjmp_at_many_depths_of_a_registered_stack_is_never_refused(mode) {
        let mut jumps = Jumps { count: tests::rounds(3000), mode };
        let mut memory = vec![0_u8; 96 * KIB];
        let range = memory.as_ptr_range();
        let registration = guarded_callback::register_stack(range.start.addr()..range.end.addr())
            .expect("a place");
        let f = jumps_at_many_depths::of(Mode::Plain);
        // SAFETY: the body expects the jumps.
        let seen = unsafe { in_a_coroutine(&mut memory, f, to_c(&mut jumps)) };
        assert_eq!(seen, (1, 0));
        assert!(stats().stacks_mapped <= 130, "two for each depth at most: {:?}", stats());
        drop(registration);
    }

    #[cfg(unix)]
    fn coroutines_freed_while_suspended_leave_memory_flat(mode) {
        let mut mode = mode;
        let f = frees_a_suspended_coroutine::of(Mode::Plain);
        flat(3000, |_| {
            // SAFETY: the body expects the mode.
            let result = unsafe { c::c_call(f, to_c(&mut mode)) };
            assert_eq!(result, 0);
        });
    }

    #[cfg(unix)]
    fn threads_that_end_with_a_coroutine_freed_while_suspended_leave_memory_flat(mode) {
        let mut mode = mode;
        let f = frees_a_suspended_coroutine::of(Mode::Plain);
        // SAFETY: the body expects the mode.
        flat(3000, |_| assert_eq!(unsafe { c::c_call_on_thread(64 * KIB, f, to_c(&mut mode)) }, 0));
    }

    #[cfg(unix)]
    fn threads_that_jumped_in_a_coroutine_leave_memory_flat(mode) {
        let mut mode = mode;
        let f = jumps_in_a_coroutine::of(Mode::Plain);
        // SAFETY: the body expects the mode.
        flat(1000, |_| assert_eq!(unsafe { c::c_call_on_thread(64 * KIB, f, to_c(&mut mode)) }, 0));
    }
}

/// What the body that carves a coroutine out of its own frame is told.
#[cfg(unix)]
struct Carves {
    mode: Mode,
    is_registered: bool,
}

#[cfg(unix)]
callback! { "C" fn is_told_its_carved_stack(arg) {
    // SAFETY: the test passes the range.
    let (low, high) = unsafe { *tests::from_c::<(usize, usize)>(arg) };
    let bounds = StackBounds::current();
    let is_exact = bounds.is_some_and(|bounds| (bounds.low(), bounds.high()) == (low, high));
    c_int::from(!is_exact || remaining_stack().is_none_or(|bytes| bytes > high - low))
} }

#[cfg(unix)]
callback! { "C" [reserve = 400 * KIB] fn carves(arg) {
    // SAFETY: the test passes this.
    let &mut Carves { mode, is_registered } = unsafe { tests::from_c::<Carves>(arg) };
    let above = [Canary::new(1), Canary::new(2), Canary::new(3)];
    let mut memory = [0_u8; 160 * KIB];
    let below = [Canary::new(4), Canary::new(5), Canary::new(6)];
    let (low, high) = (memory.as_ptr().addr(), memory.as_ptr().addr() + memory.len());
    let registration =
        is_registered.then(|| guarded_callback::register_stack(low..high).expect("a place"));
    let mut wrong = c_int::from(!on_system_stack());
    if is_registered {
        let (f, mut expected) = (is_told_its_carved_stack::of(Mode::Plain), (low, high));
        // SAFETY: the body expects the bounds.
        let reported = unsafe { in_a_coroutine(&mut memory, f, to_c(&mut expected)) };
        wrong += c_int::from(reported != (1, 0));
    }
    let mut job = Job { suspensions: 2, ..Job::new(mode, 9) };
    job.start(&mut memory, suspends::of(mode));
    for has_ended in [false, false, true] {
        wrong += c_int::from(job.resume() != has_ended);
        wrong += call_works(mode);
    }
    drop(registration);
    let is_intact = above.iter().chain(&below).all(Canary::is_intact);
    wrong + job.result() + c_int::from(!is_intact)
} }

#[cfg(unix)]
in_both_modes! {
    fn registered_coroutine_inside_of_a_system_stack_is_exact(mode) {
        let mut carves = Carves { mode, is_registered: true };
        for _ in 0..20 {
            // SAFETY: the body expects this.
            let result =
                unsafe { c::c_call_on_thread(64 * KIB, carves::of(mode), to_c(&mut carves)) };
            assert_eq!(result, 0);
        }
    }

    fn unregistered_coroutine_inside_of_a_system_stack_touches_no_live_body(mode) {
        let mut carves = Carves { mode, is_registered: false };
        for _ in 0..20 {
            // SAFETY: the body expects this.
            let result =
                unsafe { c::c_call_on_thread(64 * KIB, carves::of(mode), to_c(&mut carves)) };
            assert_eq!(result, 0);
        }
    }
}

#[cfg(unix)]
alone! {
    fn three_hundred_carved_coroutines_suspended_in_bodies_live() {
        fn carved_on_a_large_thread() {
            let mode = Mode::Always;
            let mut array = [[0_u8; 16 * KIB]; 300];
            assert!(StackBounds::of_thread().expect("known").contains(array.as_ptr().addr()));
            let mut jobs: Vec<Job> = (0..300).map(|i| Job::new(mode, i)).collect();
            for (job, stack) in jobs.iter_mut().zip(array.iter_mut()) {
                job.start(stack, suspends::of(mode));
                assert!(!job.resume() && job.switched);
            }
            for i in (0..300).map(|i| (i * 7) % 300) {
                assert_eq!(call_works(mode), 0);
                assert!(
                    jobs[i].resume() && jobs[i].result() == 0,
                    "coroutine {i} was damaged: {:?}",
                    stats()
                );
            }
            assert_eq!(stats().stacks_reclaimed, 0, "a suspended activation was taken for dead");
        }
        let thread = std::thread::Builder::new().stack_size(16 << 20);
        thread.spawn(carved_on_a_large_thread).expect("a thread").join().expect("its end");
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
in_both_modes! {
    // Whether the body counts as dead depends on memory at the end of the 16 MiB that its record
    // lies in: another copy of the runtime could have a stack there.
    fn suspended_body_outlives_its_thread_while_others_map_memory(mode) {
        const GRANULE_BYTES: usize = 16 << 20;
        const COROUTINES: usize = 24;
        const STACK_BYTES: usize = 16 * KIB;
        let reserved = map(0, 2 * GRANULE_BYTES, libc::PROT_NONE);
        let middle = reserved.addr().next_multiple_of(GRANULE_BYTES) + GRANULE_BYTES / 2;
        let (last, memory) = (middle + GRANULE_BYTES / 2 - 4096, reserved.with_addr(middle));
        // SAFETY: a part of what is reserved, for the coroutines alone.
        let memory = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            assert_eq!(libc::mprotect(memory.cast(), COROUTINES * STACK_BYTES, access), 0);
            libc::munmap(reserved.with_addr(last).cast(), 4096);
            core::slice::from_raw_parts_mut(memory, COROUTINES * STACK_BYTES)
        };
        let mut jobs: Vec<Job> = (0..COROUTINES).map(|i| Job::new(mode, i as u64)).collect();
        for (job, stack) in jobs.iter_mut().zip(memory.chunks_mut(STACK_BYTES)) {
            job.start(stack, suspends::of(mode));
        }
        let suspend = jobs.as_ptr().expose_provenance();
        std::thread::spawn(move || {
            let jobs = ptr::with_exposed_provenance::<Job>(suspend);
            // SAFETY: they stay, and nobody uses them meanwhile.
            (0..COROUTINES).for_each(|i| assert!(unsafe { !(*jobs.add(i)).resume() }));
        })
        .join()
        .expect("the end of the thread");
        let ends = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ends.load(Relaxed) {
                    let page = map(last, 4096, libc::PROT_READ | libc::PROT_WRITE);
                    // SAFETY: just mapped, and used by nobody.
                    unsafe { libc::munmap(page.cast(), 4096) };
                }
            });
            for _ in 0..tests::rounds(4_000) {
                let thread = std::thread::spawn(|| call_works(Mode::Always));
                assert_eq!(thread.join().expect("its end"), 0);
            }
            ends.store(true, Relaxed);
        });
        assert_eq!(stats().stacks_reclaimed, 0);
        for job in &jobs {
            assert!(job.resume());
            assert_eq!(job.result(), 0);
        }
    }
}

#[guarded_callback::guarded_callback(foreign = stay)]
extern "C" fn stays_on_foreign_stacks(_arg: *mut c_void) -> c_int {
    c_int::from(on_system_stack())
}

/// The check-only way.
#[guarded_callback::guarded_callback(switch = never, foreign = stay, reserve = "4 KiB")]
extern "C" fn never_leaves_its_stack(_arg: *mut c_void) -> c_int {
    c_int::from(on_system_stack())
}

callback! { "C" fn tells_whether_it_switched(_arg) { c_int::from(on_system_stack()) } }

alone! {
    fn body_stays_on_a_foreign_stack_where_the_attribute_says_so() {
        let mut memory = vec![0_u8; 32 * KIB];
        for f in [stays_on_foreign_stacks as *const c_void, never_leaves_its_stack as *const c_void]
        {
            // SAFETY: the body does not use its argument.
            let seen = unsafe { in_a_coroutine(&mut memory, CCallback(f), ptr::null_mut()) };
            assert_eq!(seen, (1, 0));
        }
        // The thread's own stack is guarded all the same.
        let f = CCallback(stays_on_foreign_stacks as *const c_void);
        // SAFETY: the body does not use its argument.
        assert_eq!(unsafe { c::c_call_on_thread(64 * KIB, f, ptr::null_mut()) }, 1);
        let f = CCallback(never_leaves_its_stack as *const c_void);
        // SAFETY: as above.
        assert_eq!(unsafe { c::c_call_on_thread(64 * KIB, f, ptr::null_mut()) }, 0);
    }

    fn body_stays_on_a_foreign_stack_where_the_settings_say_so() {
        let f = tells_whether_it_switched::of(Mode::WhenLow);
        let mut memory = vec![0_u8; 32 * KIB];
        // SAFETY: the body does not use its argument.
        let mut call = || unsafe { in_a_coroutine(&mut memory, f, ptr::null_mut()) };
        assert_eq!(call(), (1, 1));
        let holds = guarded_callback::Settings::new().stay_on_foreign(true).apply().expect("fits");
        assert!(holds.get_stay_on_foreign());
        assert_eq!(call(), (1, 0));
        // SAFETY: the body does not use its argument.
        assert_eq!(unsafe { c::c_call_on_thread(64 * KIB, f, ptr::null_mut()) }, 1);
    }
}
