//! No stack to be had: the fallback, or one line and an abort. Never a crash of our own.

// Address space is limited by RLIMIT_AS; windows.rs has refusals of another cause.
#![cfg(unix)]

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering::Relaxed};

use guarded_callback::{Source, StackBounds, register_stack, stats};
use tests::{
    CCallback, LITTLE, Mode, alone, c, callback, in_both_modes, is_emulated, rounds, run_child,
    use_stack,
};

const KIB: usize = 1024;

/// qemu would fail itself, if it passed RLIMIT_AS on to the kernel.
const IGNORES_LIMITS: &str = "does not limit the address space";

callback! { "C" fn works(_arg) { use_stack(120 * KIB) } }

callback! { "C" [fallback = -7] fn works_or_tells(_arg) { use_stack(120 * KIB) } }

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
/// What the first four slots take.
const ARENA_BYTES: usize = 64 << 20;

#[cfg(target_os = "linux")]
fn mapped_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    4 * KIB * pages.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or(0)
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
callback! { "C" fn has_no_table(arg) {
    // By the second time the thread has all that it needs to read a file.
    let before = [mapped_bytes(), mapped_bytes()][1];
    limit_address_space((before + ARENA_BYTES + 16 * KIB) as libc::rlim_t);
    // SAFETY: the body does not use its argument.
    let refused = (0..3)
        .filter(|_| unsafe { c::c_call(CCallback(arg), ptr::null_mut()) } == -7)
        .count();
    limit_address_space(libc::RLIM_INFINITY);
    let more = mapped_bytes() - before;
    println!("{refused} refused, {more} bytes more");
    // What the first one has given back is enough for the table.
    c_int::from(refused != 1 || more >= ARENA_BYTES)
} }

static READY: AtomicUsize = AtomicUsize::new(0);
static GO: AtomicUsize = AtomicUsize::new(0);
static DONE: AtomicUsize = AtomicUsize::new(0);

/// Waits without anything that could need memory.
fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        // SAFETY: has no preconditions.
        unsafe { libc::sched_yield() };
    }
}

fn limit_address_space(bytes: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a valid limit; only this process, which the test made for that, is limited.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
}

/// Calls `f` with little of the thread left and no address space to be had.
fn exhausted(f: CCallback, left: usize) -> c_int {
    let low = StackBounds::of_thread().expect("known").low();
    limit_address_space(1 << 20);
    // SAFETY: the address of this thread's errno.
    unsafe { *tests::errno_address() = 77 };
    // SAFETY: the bodies do not use their argument.
    let result = unsafe { c::c_call_with_left(left, low, f, ptr::null_mut()) };
    // C sees the errno that it had, whatever failed in between.
    // SAFETY: as above.
    let errno = unsafe { *tests::errno_address() };
    limit_address_space(libc::RLIM_INFINITY);
    if errno == 77 { result } else { -errno - 1000 }
}

callback! { "C" fn exhausted_with_8_kib(arg) { exhausted(CCallback(arg), 8 * KIB) } }

callback! { "C" fn exhausted_with_little(arg) { exhausted(CCallback(arg), LITTLE) } }

fn on_small_thread(outer: CCallback, f: CCallback) -> c_int {
    // SAFETY: the body expects the address of a callback.
    unsafe { c::c_call_on_thread(64 * KIB, outer, f.0.cast_mut()) }
}

callback! { "C" fn at_the_end(arg) {
    let low = StackBounds::of_thread().expect("known").low();
    READY.fetch_add(1, Relaxed);
    wait_until(|| GO.load(Relaxed) == 1);
    let mut wrong = 0;
    for _ in 0..rounds(20_000) {
        // SAFETY: the body does not use its argument.
        let result = unsafe { c::c_call_with_left(LITTLE, low, CCallback(arg), ptr::null_mut()) };
        wrong += c_int::from(result != -7);
    }
    DONE.fetch_add(1, Relaxed);
    wait_until(|| DONE.load(Relaxed) == 8);
    wrong
} }

in_both_modes! {
    fn exhausted_address_space_gives_the_fallback(mode) {
        if is_emulated(IGNORES_LIMITS) {
            return;
        }
        for outer in [exhausted_with_8_kib::of(Mode::Plain), exhausted_with_little::of(Mode::Plain)]
        {
            assert_eq!(on_small_thread(outer, works_or_tells::of(mode)), -7);
        }
        assert_eq!(stats().refusals, 2);
        // With the limit gone everything is as before.
        // SAFETY: the body does not use its argument.
        let result =
            unsafe { c::c_call_on_thread(16 * KIB, works_or_tells::of(mode), ptr::null_mut()) };
        assert_eq!(result, 0);
        assert_eq!(stats().refusals, 2);
    }

    #[cfg(target_os = "linux")]
    fn size_of_the_settings_that_cannot_be_had_is_no_reason_to_refuse(mode) {
        callback! { "C" fn limited(arg) {
            // SAFETY: the body does not use its argument.
            let result = unsafe { c::c_call(CCallback(arg), ptr::null_mut()) };
            limit_address_space(libc::RLIM_INFINITY);
            result
        } }
        if is_emulated(IGNORES_LIMITS) {
            return;
        }
        let bytes = 64 * tests::SYSTEM_STACK_BYTES;
        guarded_callback::Settings::new().system_stack_bytes(bytes).apply().expect("the first");
        for _ in 0..3 {
            limit_address_space((mapped_bytes() + bytes / 2) as libc::rlim_t);
            assert_eq!(on_small_thread(limited::of(Mode::Plain), works::of(mode)), 0);
        }
    }

    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn refusal_for_want_of_a_table_keeps_no_addresses(mode) {
        if !is_emulated(IGNORES_LIMITS) {
            let outer = has_no_table::of(Mode::Plain);
            assert_eq!(on_small_thread(outer, works_or_tells::of(mode)), 0);
        }
    }

    fn exhausted_address_space_is_nothing_to_a_thread_that_holds_a_stack(mode) {
        callback! { "C" fn prepared(arg) {
            // SAFETY: the body does not use its argument.
            let first = unsafe { c::c_call(CCallback(arg), ptr::null_mut()) };
            first + exhausted(CCallback(arg), 8 * KIB)
        } }
        assert_eq!(on_small_thread(prepared::of(Mode::Plain), works::of(mode)), 0);
    }

    fn exhausted_address_space_gives_many_threads_the_fallback_at_once(mode) {
        if is_emulated(IGNORES_LIMITS)
            || tests::is_in_loader("has one heap with the program, which cannot grow then")
        {
            return;
        }
        // All of them nearly at the end of their stacks, at the same time.
        let limiter = std::thread::spawn(|| {
            wait_until(|| READY.load(Relaxed) == 8);
            limit_address_space(1 << 20);
            GO.store(1, Relaxed);
            wait_until(|| DONE.load(Relaxed) == 8);
            limit_address_space(libc::RLIM_INFINITY);
        });
        let f = works_or_tells::of(mode);
        // SAFETY: the body expects the address of a callback.
        let wrong = unsafe {
            c::c_call_on_threads(8, 64 * KIB, at_the_end::of(Mode::Plain), f.0.cast_mut(), 0)
        };
        limiter.join().expect("limited");
        assert_eq!(wrong, 0);
    }
}

#[test]
fn callback_without_fallback_and_stack_aborts_with_one_line() {
    let test = "callback_without_fallback_and_stack_aborts_with_one_line";
    if is_emulated(IGNORES_LIMITS) {
        return;
    }
    for (name, mode) in [("works::always", Mode::Always), ("works::when_low", Mode::WhenLow)] {
        for outer in [exhausted_with_8_kib::of(Mode::Plain), exhausted_with_little::of(Mode::Plain)]
        {
            let tag =
                format!("{test} {mode:?} {}", outer == exhausted_with_little::of(Mode::Plain));
            let death = run_child(
                test,
                &tag,
                |_| (),
                || {
                    on_small_thread(outer, works::of(mode));
                },
            );
            let Some(death) = death else { continue };
            assert_eq!(death.signal, Some(libc::SIGABRT), "{}", death.transcript());
            assert_eq!(death.stderr.lines().count(), 1, "{}", death.transcript());
            for word in [
                "guarded-callback: `",
                name,
                // A debug build counts more copies of arguments.
                if cfg!(debug_assertions) {
                    "asked for 128 KiB (and 2 KiB for the call)"
                } else {
                    "asked for 128 KiB (and 1,408 bytes for the call)"
                },
                "the stack has ",
                " left, and no system stack could be mapped",
                "os error 12",
                "RLIMIT_AS",
                "fallback",
            ] {
                assert!(death.stderr.contains(word), "{word}: {}", death.transcript());
            }
        }
    }
}

#[test]
fn callback_that_never_switches_is_refused_without_room() {
    #[guarded_callback::guarded_callback(switch = never)]
    extern "C" fn never(_arg: *mut c_void) -> c_int {
        use_stack(120 * KIB)
    }
    #[guarded_callback::guarded_callback(switch = never, fallback = -7)]
    extern "C" fn never_or_tells(_arg: *mut c_void) -> c_int {
        use_stack(120 * KIB)
    }
    let test = "callback_that_never_switches_is_refused_without_room";
    let death = run_child(
        test,
        test,
        |_| (),
        || {
            let (dies, tells) =
                (CCallback(never as *const _), CCallback(never_or_tells as *const _));
            // SAFETY: the bodies do not use their argument.
            unsafe {
                assert_eq!(c::c_call(dies, ptr::null_mut()), 0);
                assert_eq!(c::c_call_on_thread(64 * KIB, tells, ptr::null_mut()), -7);
                c::c_call_on_thread(64 * KIB, dies, ptr::null_mut());
            }
        },
    );
    let Some(death) = death else { return };
    assert_eq!(death.signal, Some(libc::SIGABRT), "{}", death.transcript());
    assert_eq!(death.stderr.lines().count(), 1, "{}", death.transcript());
    assert!(
        death.stderr.contains("switch = never") && death.stderr.contains("::never`"),
        "{}",
        death.transcript()
    );
}

alone! {
    fn registration_is_dropped_for_good_without_address_space() {
        if is_emulated(IGNORES_LIMITS) {
            return;
        }
        let local = 0_u8;
        let sp = (&raw const local).addr();
        let source = || StackBounds::current().map(|bounds| bounds.source());
        let registration = register_stack(sp - 32 * KIB..sp + KIB).expect("there is memory");
        assert_eq!(source(), Some(Source::Registered));
        limit_address_space(1 << 20);
        drop(registration);
        limit_address_space(libc::RLIM_INFINITY);
        assert_ne!(source(), Some(Source::Registered));
    }

    fn fallback_that_uses_its_parameter_gets_it() {
        #[guarded_callback::guarded_callback(switch = always, fallback = number * 2)]
        extern "C" fn doubles(number: c_int) -> c_int {
            assert!(number != 4, "not this one");
            1
        }
        std::panic::set_hook(Box::new(|_| ()));
        assert_eq!((doubles(3), doubles(4)), (1, 8));
    }
}

#[cfg(target_os = "linux")]
const NO_FILTERS: &str = "has no filters for system calls";

/// What `f` returns, called by a handler on an alternate stack of 64 KiB. The next signal would
/// write over the frames of the handler, if it left that.
#[cfg(target_os = "linux")]
fn called_where_sigaltstack_is_refused(f: CCallback) -> c_int {
    static CALLED: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
    static RESULT: AtomicI32 = AtomicI32::new(0);
    extern "C" fn handler(_signal: c_int) {
        let f = CCallback(CALLED.load(Relaxed));
        // SAFETY: the body does not use its argument.
        RESULT.store(unsafe { c::c_call(f, ptr::null_mut()) }, Relaxed);
    }
    let mut own = vec![0_u8; 64 * KIB];
    CALLED.store(f.0.cast_mut(), Relaxed);
    // SAFETY: the memory stays, and the handler does what a handler may.
    unsafe {
        assert_eq!(c::c_set_alternate_stack(own.as_mut_ptr().cast(), own.len()), 0);
        guarded_callback::prepare_thread();
        assert_eq!(c::c_forbid_call(libc::SYS_sigaltstack as c_int), 0);
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = handler as extern "C" fn(c_int) as usize;
        action.sa_flags = libc::SA_ONSTACK;
        libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut());
        libc::raise(libc::SIGUSR1);
    }
    core::mem::forget(own);
    RESULT.load(Relaxed)
}

#[cfg(target_os = "linux")]
#[test]
fn refusal_on_an_alternate_stack_says_that_sigaltstack_is_refused() {
    let test = "refusal_on_an_alternate_stack_says_that_sigaltstack_is_refused";
    if is_emulated(NO_FILTERS) {
        return;
    }
    for mode in [Mode::Always, Mode::WhenLow] {
        let scenario = || _ = called_where_sigaltstack_is_refused(works::of(mode));
        let tag = format!("{test} {mode:?}");
        let Some(death) = run_child(test, &tag, |_| (), scenario) else { continue };
        assert!(death.is_abort(), "{}", death.transcript());
        assert_eq!(death.stderr.lines().count(), 1, "{}", death.transcript());
        for word in [" left, and sigaltstack is refused", "sandbox", "fallback"] {
            assert!(death.stderr.contains(word), "{word}: {}", death.transcript());
        }
    }
}

#[cfg(target_os = "linux")]
in_both_modes! {
    fn body_leaves_no_alternate_stack_where_the_thread_can_have_no_other(mode) {
        if !is_emulated(NO_FILTERS) {
            assert_eq!(called_where_sigaltstack_is_refused(works_or_tells::of(mode)), -7);
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn body_has_room_in_a_handler_of_the_call_that_maps_the_first_stack(mode) {
        // The runtime itself has little stack then: the first of the process is about to be mapped.
        if is_emulated(NO_FILTERS) {
            return;
        }
        // SAFETY: the bodies do not use their argument, and do what a handler may.
        let (result, answers) = unsafe {
            assert_eq!(c::c_ask_about_mappings(works::of(mode)), 0);
            let result = c::c_call(works::of(Mode::Always), ptr::null_mut());
            (result, c::c_answers_about_mappings())
        };
        assert!(result == 0 && (1..100).contains(&answers), "{result} {answers}");
    }
}
