//! Memory: what stacks keep that bodies have run deep on.

// Windows keeps the pages committed, and tells nobody how many of them are resident.
#![cfg(unix)]

use core::ffi::c_int;
use core::ptr;

use guarded_callback::{on_system_stack, stats};
use tests::{
    Mode, SYSTEM_STACK_BYTES, alone, c, callback, from_c, is_emulated, resident_bytes, to_c,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What resident memory may grow by besides stacks: the C library's arenas and what the counters of
/// the kernel lag behind by.
const SLACK: usize = 2 * MIB;

/// What each unused stack may keep: 64 KiB and the page that the end of it falls in.
const KEPT: usize = 68 * KIB;

/// How deep the bodies of a test go.
const DEEP: usize = SYSTEM_STACK_BYTES / 4 * 3;

/// Touches so much stack, in a frame of C.
fn touch(bytes: usize) -> c_int {
    // SAFETY: the callback does not use its argument.
    unsafe { c::c_call_with_frame(bytes, does_nothing::of(Mode::Plain), ptr::null_mut()) }
}

callback! { "C" fn does_nothing(_arg) { 0 } }

callback! { "C" fn runs_deep(_arg) {
    if on_system_stack() { touch(DEEP) } else { -1 }
} }

callback! { "C" fn uses_a_little(_arg) { touch(40 * KIB) } }

/// Page faults of this process so far.
fn page_faults() -> i64 {
    // SAFETY: a rusage is plain data, and can be written.
    unsafe {
        let mut usage: libc::rusage = core::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, &raw mut usage), 0);
        usage.ru_minflt as i64
    }
}

// More than a whole stack, so that it never runs on the one that its caller is on.
callback! { "C" [reserve = SYSTEM_STACK_BYTES + MIB] fn runs_deep_on_another_stack(_arg) {
    touch(DEEP)
} }

const CALLS: usize = 100;

callback! { "C" fn is_deep_and_calls(arg) {
    // SAFETY: the test passes a number that nobody else uses.
    let result = unsafe { from_c::<c_int>(arg) };
    *result = 0;
    let before = resident_bytes();
    for _ in 0..CALLS {
        let f = runs_deep_on_another_stack::of(Mode::WhenLow);
        // SAFETY: the body does not use its argument.
        *result += unsafe { c::c_call(f, ptr::null_mut()) };
    }
    i32::from(grown_by(before) < DEEP + SLACK)
} }

fn grown_by(before: usize) -> usize {
    let grown = resident_bytes().saturating_sub(before);
    println!("resident memory has grown by {} KiB, {:?}", grown / KIB, stats());
    grown
}

/// How many more bodies to nest, each on a stack of its own, and where the highest of those lies.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
struct Nested(usize, usize);

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn nest(count: usize) -> usize {
    let mut nested = Nested(count, 0);
    // SAFETY: the body gets what it expects.
    let result = unsafe { c::c_call(nests::of(Mode::WhenLow), to_c(&mut nested)) };
    assert_eq!(result, 0);
    nested.1
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
callback! { "C" [reserve = 16 * MIB] fn nests(arg) {
    // SAFETY: `nest` passes this, and looks at it afterwards.
    let nested = unsafe { from_c::<Nested>(arg) };
    nested.1 = nested.1.max((&raw const nested).addr());
    if nested.0 == 0 {
        return 0;
    }
    nested.0 -= 1;
    // SAFETY: the body gets what it expects.
    unsafe { c::c_call_with_frame(200 * KIB, nests::of(Mode::WhenLow), arg) }
} }

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
callback! { "C" [reserve = 1 << 47, fallback = -7] fn wants_too_much(_arg) { 0 } }

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
callback! { "C" fn lies_at(arg) {
    // SAFETY: the test passes a number, and looks at it afterwards.
    unsafe { *arg.cast::<usize>() = (&raw const arg).addr() };
    0
} }

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
alone! {
    fn stacks_lie_below_those_of_later_threads_where_the_place_after_the_last_is_taken() {
        if is_emulated("maps where it likes") {
            return;
        }
        let first = nest(0) / MIB * MIB;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
        for at in (first..first + 4096 * MIB).step_by(MIB) {
            let at = ptr::with_exposed_provenance_mut(at);
            // SAFETY: maps nothing where something is mapped already.
            unsafe { libc::mmap(at, MIB, libc::PROT_NONE, flags, -1, 0) };
        }
        let highest = nest(4);
        let mut thread = 0_usize;
        let f = lies_at::of(Mode::Plain);
        // SAFETY: the body gets what it expects.
        assert_eq!(unsafe { c::c_call_on_thread(64 * MIB, f, to_c(&mut thread)) }, 0);
        assert!(first < highest && highest < thread, "{first:x}, {highest:x}, {thread:x}");
    }

    fn stacks_lie_below_those_of_later_threads_after_one_that_is_too_large() {
        if is_emulated("maps where it likes") {
            return;
        }
        // SAFETY: the body does not run.
        assert_eq!(unsafe { c::c_call(wants_too_much::of(Mode::Always), ptr::null_mut()) }, -7);
        let highest = nest(4);
        let mut thread = 0_usize;
        let f = lies_at::of(Mode::Plain);
        // SAFETY: the body gets what it expects.
        assert_eq!(unsafe { c::c_call_on_thread(64 * MIB, f, to_c(&mut thread)) }, 0);
        assert!(highest < thread, "{highest:x}, {thread:x}");
    }

    fn stacks_lie_in_one_place_where_threads_map_them_at_once() {
        const STACKS: usize = 400;
        if is_emulated("maps where it likes") {
            return;
        }
        let first = nest(0);
        let barrier = std::sync::Barrier::new(4);
        let highest: Vec<usize> = std::thread::scope(|scope| {
            let nest_at_once = || {
                barrier.wait();
                let highest = nest(STACKS);
                barrier.wait();
                highest
            };
            let threads = [(); 4].map(|()| scope.spawn(nest_at_once));
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(stats().stacks_mapped > 4 * STACKS, "{:?}", stats());
        // They are of 32 MiB each, and what is looked for next lies 64 GiB further up.
        assert!(highest.iter().all(|high| high - first < 56 << 30), "{first:x}, {highest:x?}");
    }
}

alone! {
    fn stack_of_an_ended_thread_gives_back_what_its_deepest_body_touched() {
        if is_emulated("keeps memory of its own for each thread") {
            return;
        }
        let before = resident_bytes();
        // SAFETY: the body does not use its argument.
        let result = unsafe {
            c::c_call_on_threads(8, 64 * KIB, runs_deep::of(Mode::Always), ptr::null_mut(), 0)
        };
        assert_eq!(result, 0);
        let pooled = stats().stacks_pooled;
        assert!(pooled > 0);
        assert!(grown_by(before) < pooled * KEPT + SLACK);
    }

    fn later_threads_find_memory_that_was_kept_after_many_at_once() {
        let why = "keeps memory of its own for each thread";
        if cfg!(not(target_os = "linux")) || is_emulated(why) {
            return;
        }
        let f = uses_a_little::of(Mode::Always);
        // SAFETY: the body does not use its argument.
        let call_on_thread = || unsafe { c::c_call_on_thread(64 * KIB, f, ptr::null_mut()) };
        let faults_of_100 = || {
            assert_eq!((0..110).map(|_| call_on_thread()).sum::<c_int>(), 0);
            let before = page_faults();
            assert_eq!((0..100).map(|_| call_on_thread()).sum::<c_int>(), 0);
            page_faults() - before
        };
        let usual = faults_of_100();
        let barrier = std::sync::Barrier::new(40);
        std::thread::scope(|scope| {
            let at_once = || {
                // SAFETY: as above.
                let result = unsafe { c::c_call(f, ptr::null_mut()) };
                barrier.wait();
                result
            };
            let threads = [(); 40].map(|()| scope.spawn(at_once));
            assert!(threads.into_iter().all(|thread| thread.join().expect("no panic") == 0));
        });
        assert!(stats().stacks_pooled >= 40, "{:?}", stats());
        let many_pooled = faults_of_100();
        guarded_callback::trim();
        let trimmed = faults_of_100();
        assert!(
            many_pooled.max(trimmed) < usual + 200,
            "{usual} page faults, {many_pooled}, {trimmed}: {:?}",
            stats()
        );
    }

    fn stack_of_nested_bodies_is_used_again_by_the_next() {
        let mut result = -1;
        // SAFETY: the body expects the number.
        assert_eq!(unsafe { c::c_call(is_deep_and_calls::of(Mode::Always), to_c(&mut result)) }, 1);
        assert_eq!(result, 0);
        // The stack of this body, and the one that is idle again.
        assert_eq!(stats().stacks_mapped, 2);
    }
}
