//! Scenarios that need a real `main` on the main thread, which a test does not have. Started by
//! tests/main_thread.rs: `main_thread <scenario> <mode>`.

use core::ptr;
use std::backtrace::Backtrace;

use guarded_callback::{StackBounds, on_system_stack, remaining_stack};
use tests::{CCallback, FREE_PLACES, Mode, c, callback, use_stack};

const KIB: usize = 1024;

/// As little stack as every C library accepts for a thread (glibc on aarch64 wants 128 KiB), and
/// less than a body asks for.
#[cfg(unix)]
const LEAST: usize = 128 * KIB;

callback! { "C" fn shows_its_backtrace(_arg) {
    println!("switched: {}", on_system_stack());
    println!("{}", Backtrace::force_capture());
    0
} }

callback! { "C" fn stops(_arg) {
    // SAFETY: it does nothing.
    unsafe { c::c_breakpoint() };
    0
} }

callback! { "C" fn works(_arg) {
    println!(
        "switched: {}, 128 KiB: {}",
        on_system_stack(),
        remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB)
    );
    use_stack(120 * KIB)
} }

/// More than a system stack has.
const DEEP: usize = 20 << 20;

callback! { "C" fn works_deep(_arg) {
    println!(
        "switched: {}, 128 KiB: {}",
        on_system_stack(),
        remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB)
    );
    if on_system_stack() { 0 } else { use_stack(DEEP) }
} }

#[cfg(target_os = "linux")]
callback! { "C" fn has_told_bounds(_arg) {
    println!("as told: {}", tests::bounds_are_as_told());
    0
} }

#[cfg(target_os = "linux")]
callback! { "C" fn compares_with_limit(_arg) {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the mappings");
    let range = maps.lines().find(|line| line.ends_with("[stack]")).expect("the main stack");
    let high = range.split(['-', ' ']).nth(1).expect("its end");
    let high = usize::from_str_radix(high, 16).expect("an address");
    // SAFETY: plain data, and room for it.
    let limit = unsafe {
        let mut limit = core::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_STACK, &raw mut limit);
        usize::try_from(limit.rlim_cur).expect("a limit")
    };
    let low = StackBounds::of_thread().expect("known").low();
    println!("within the limit: {}", low >= high - limit);
    0
} }

/// A coroutine on a part of the main stack, resumed by another thread: SP lies on the main stack,
/// and the thread is not the main one.
///
/// Never inlined: `main` must not have this frame in the other scenarios.
#[cfg(target_os = "linux")]
#[inline(never)]
fn main_stack_on_another_thread(mode: Mode) -> i32 {
    let mut stack = [0_u64; 32 * KIB];
    let f = has_told_bounds::of(mode);
    // SAFETY: the memory is used by the coroutine alone, which ends before.
    unsafe {
        let coroutine =
            c::c_coroutine_new(stack.as_mut_ptr().cast(), size_of_val(&stack), f, ptr::null_mut());
        let address = coroutine.expose_provenance();
        let resume = move || c::c_coroutine_resume(ptr::with_exposed_provenance_mut(address));
        std::thread::spawn(resume).join().expect("its end");
        let result = c::c_coroutine_result(coroutine);
        c::c_coroutine_free(coroutine);
        result
    }
}

/// Calls where 64 KiB are left of the thread's stack. Never inlined: the traces show it.
#[inline(never)]
fn far_down(f: CCallback) -> i32 {
    let low = StackBounds::of_thread().expect("known").low();
    // SAFETY: the bodies do not use their argument.
    unsafe { c::c_call_with_left(64 * KIB, low, f, ptr::null_mut()) }
}

#[cfg(unix)]
fn lowered(mode: Mode, limit_kib: usize, frame_kib: usize) -> i32 {
    let rlim_cur = (limit_kib * KIB) as libc::rlim_t;
    let limit = libc::rlimit { rlim_cur, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a valid limit.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_STACK, &raw const limit) }, 0);
    // SAFETY: the body does not use its argument.
    unsafe { c::c_call_with_frame(frame_kib * KIB, works::of(mode), ptr::null_mut()) }
}

/// The limit raised and lowered, each time taken up.
#[cfg(unix)]
fn prepared(mode: Mode) -> i32 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` can be written.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_STACK, &raw mut limit) }, 0);
    near_the_end(mode)
        + [16, 4, 12]
            .map(|mib| {
                limit.rlim_cur = mib << 20;
                // SAFETY: a valid limit.
                assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_STACK, &raw const limit) }, 0);
                guarded_callback::prepare_thread();
                near_the_end(mode)
            })
            .into_iter()
            .sum::<i32>()
}

/// More of a main stack than this is not used by the tests.
const MOST: usize = 100 << 20;

fn near_the_end(mode: Mode) -> i32 {
    let bounds = StackBounds::of_thread().expect("known");
    println!("bounds: {} KiB, {:?}", (bounds.high() - bounds.low()) / KIB, bounds.source());
    if bounds.high() - bounds.low() > MOST {
        println!("more than {} MiB", MOST >> 20);
        // SAFETY: the body does not use its argument.
        return unsafe { c::c_call_with_frame(MOST, works_deep::of(mode), ptr::null_mut()) };
    }
    // All of the stack is used but 64 KiB, so that bounds which promise too much are found out.
    let used = bounds.high() - tests::near_sp();
    let frame = bounds.high() - bounds.low() - used - 64 * KIB;
    // SAFETY: the body does not use its argument.
    unsafe { c::c_call_with_frame(frame, works::of(mode), ptr::null_mut()) }
}

/// A page is mapped where the stack could have grown to.
#[cfg(target_os = "linux")]
fn in_the_way(mode: Mode) -> i32 {
    let address = StackBounds::of_thread().expect("known").high() - (30 << 20);
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
    let wanted = ptr::without_provenance_mut(address);
    // SAFETY: it replaces nothing.
    let page = unsafe { libc::mmap(wanted, 4 * KIB, libc::PROT_READ, flags, -1, 0) };
    assert_eq!(page, wanted);
    guarded_callback::prepare_thread();
    near_the_end(mode)
}

/// All of the stack, to the lowest byte that the guard calls usable, and `beyond` bytes more.
fn walk(beyond: usize) -> i32 {
    let bounds = StackBounds::of_thread().expect("known");
    println!("bounds: {} KiB, {:?}", (bounds.high() - bounds.low()) / KIB, bounds.source());
    // SAFETY: no signal handler is installed but for stack overflows.
    unsafe { tests::walk_down(bounds.low() - beyond) };
    println!("came to the end");
    0
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mode = match arguments[2].as_str() {
        "always" => Mode::Always,
        "when_low" => Mode::WhenLow,
        _ => Mode::Plain,
    };
    let result = match arguments[1].as_str() {
        "backtrace" => far_down(shows_its_backtrace::of(mode)),
        "breakpoint" => far_down(stops::of(mode)),
        // A thread whose stack lies below all system stacks.
        // SAFETY: the body does not use its argument.
        "breakpoint_below" => unsafe {
            c::c_call_on_thread_at(FREE_PLACES[1], 128 * KIB, stops::of(mode), ptr::null_mut())
        },
        // SAFETY: as above.
        "backtrace_below" => unsafe {
            c::c_call_on_thread_at(
                FREE_PLACES[1],
                128 * KIB,
                shows_its_backtrace::of(mode),
                ptr::null_mut(),
            )
        },
        // SAFETY: as above.
        #[cfg(unix)]
        "thread_in_a_frame" => unsafe {
            c::c_call_on_thread_in_frame(LEAST, works::of(mode), ptr::null_mut())
        },
        #[cfg(unix)]
        "lowered" => lowered(mode, 512, 400),
        #[cfg(target_os = "linux")]
        "lowered_to_nothing" => lowered(mode, 0, 1),
        #[cfg(unix)]
        "prepared" => prepared(mode),
        #[cfg(target_os = "linux")]
        // SAFETY: the body does not use its argument.
        "bounds" => unsafe { c::c_call(compares_with_limit::of(mode), ptr::null_mut()) },
        #[cfg(target_os = "linux")]
        "main_stack_on_another_thread" => main_stack_on_another_thread(mode),
        #[cfg(target_os = "linux")]
        "in_the_way" => in_the_way(mode),
        "near_the_end" => near_the_end(mode),
        #[cfg(target_os = "linux")]
        "near_the_end_untold" => {
            // SAFETY: no preconditions.
            assert_eq!(unsafe { c::c_forbid_call(libc::SYS_prlimit64 as _) }, 0);
            near_the_end(mode)
        }
        "walk" => walk(0),
        "walk_below" => walk(tests::BELOW_THE_STACK),
        // The bounds are taken after frames of 2 MiB, which leave the stack as large as they made
        // it.
        "near_the_end_grown" => use_stack(2 * 1024 * KIB) + near_the_end(mode),
        "walk_below_grown" => use_stack(2 * 1024 * KIB) + walk(tests::BELOW_THE_STACK),
        other => panic!("no scenario {other}"),
    };
    std::process::exit(result);
}
