//! Calls of the system and of the C library that fail, each at every place where it is made.
//!
//! This executable defines the functions in question, `syscall` among them, so that the runtime,
//! which is linked into it, calls them here; the C library's own calls go past them. Every trial is
//! a fork of the test's child: what fails, the body runs or C gets the fallback, or where none is
//! declared the process aborts with the one line. Nothing is lost afterwards.

// Elsewhere mmap is a system call of another name, or takes its arguments in another way, or is
// none.
#![cfg(all(unix, target_env = "gnu", target_pointer_width = "64", not(target_arch = "s390x")))]

use core::ffi::{c_int, c_long, c_void};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use guarded_callback::{
    install_overflow_report, prepare_thread, register_stack, remaining_stack, stats, trim,
};
use tests::c::{self, Coroutine};
use tests::{CCallback, Mode, callback, is_emulated, isolated, run_child, to_c, use_stack};

const KIB: usize = 1024;

// What fails.

/// The system calls that the runtime makes through `syscall`, and what they fail with.
const SYSTEM_CALLS: [(&str, c_long, c_int); 5] = [
    ("mmap", libc::SYS_mmap, libc::ENOMEM),
    ("mprotect", libc::SYS_mprotect, libc::ENOMEM),
    ("madvise", libc::SYS_madvise, libc::EINVAL),
    ("sigaltstack", libc::SYS_sigaltstack, libc::ENOMEM),
    ("futex", libc::SYS_futex, libc::ENOSYS),
];
/// The functions of the C library that it calls.
const FUNCTIONS: [&str; 4] =
    ["pthread_getattr_np", "sysconf", "pthread_key_create", "pthread_setspecific"];
const ALL: usize = SYSTEM_CALLS.len() + FUNCTIONS.len();
const GETATTR: usize = SYSTEM_CALLS.len();

static ARMED: AtomicBool = AtomicBool::new(false);
static CALLS: [AtomicUsize; ALL] = [const { AtomicUsize::new(0) }; ALL];
/// The function that fails, the call at which it begins to, and whether all later ones fail as
/// well.
static FAULT: (AtomicUsize, AtomicUsize, AtomicBool) =
    (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));

/// Counts a call of the function, and says whether it is to fail.
fn fails(function: usize) -> bool {
    if !ARMED.load(Relaxed) {
        return false;
    }
    let call = CALLS[function].fetch_add(1, Relaxed) + 1;
    let at = FAULT.1.load(Relaxed);
    FAULT.0.load(Relaxed) == function && (call == at || (call > at && FAULT.2.load(Relaxed)))
}

fn set_errno(errno: c_int) {
    // SAFETY: the address of this thread's errno.
    unsafe { *libc::__errno_location() = errno };
}

/// The C library's function of this name.
macro_rules! next {
    ($name:expr, fn($($argument:ty),*)) => {{
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        if NEXT.load(Relaxed) == 0 {
            let name = concat!($name, "\0").as_ptr().cast();
            // SAFETY: a valid name.
            let next = unsafe { libc::dlsym(libc::RTLD_NEXT, name) };
            NEXT.store(next.expose_provenance(), Relaxed);
        }
        type Function = extern "C" fn($($argument),*) -> isize;
        // SAFETY: the function of this name, whose arguments are integers and pointers.
        unsafe {
            core::mem::transmute::<*const c_void, Function>(ptr::with_exposed_provenance(
                NEXT.load(Relaxed),
            ))
        }
    }};
}

/// Variadic in C: arguments that a caller does not pass are whatever is there, and the kernel does
/// not look at them.
#[unsafe(no_mangle)]
extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> isize {
    if let Some(at) = SYSTEM_CALLS.iter().position(|call| call.1 == number)
        && fails(at)
    {
        set_errno(SYSTEM_CALLS[at].2);
        return -1;
    }
    next!("syscall", fn(c_long, usize, usize, usize, usize, usize, usize))(number, a, b, c, d, e, f)
}

/// Defines functions of the C library: what they return when they fail, and the arguments.
macro_rules! library_calls {
    ($($index:literal fn $name:ident($($argument:ident),*) = $result:expr;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: usize),*) -> isize {
            if fails(GETATTR + $index) || is_at_load($index) {
                return $result as isize;
            }
            next!(stringify!($name), fn($(library_calls!(@ $argument)),*))($($argument),*)
        }
    )*};
    (@ $argument:ident) => { usize };
}

library_calls! {
    0 fn pthread_getattr_np(thread, attributes) = libc::ENOMEM;
    1 fn sysconf(name) = -1;
    2 fn pthread_key_create(key, destructor) = libc::EAGAIN;
    3 fn pthread_setspecific(key, value) = libc::ENOMEM;
}

const KEY_CREATE: usize = 2;

/// Names the process in which no key can be made while it is loaded, so that the first callback has
/// to make it.
const NO_KEY_AT_LOAD: &core::ffi::CStr = c"GUARDED_CALLBACK_NO_KEY_AT_LOAD";

fn is_at_load(function: usize) -> bool {
    static HAS_FAILED: AtomicBool = AtomicBool::new(false);
    // SAFETY: a valid name; nobody changes the environment.
    function == KEY_CREATE
        && !HAS_FAILED.swap(true, Relaxed)
        && unsafe { !libc::getenv(NO_KEY_AT_LOAD.as_ptr()).is_null() }
}

// What is tried.

callback! { "C" fn works(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 128 * KIB) { -1 } else { use_stack(120 * KIB) }
} }

callback! { "C" [fallback = -7] fn works_or_tells(_arg) {
    if remaining_stack().is_none_or(|bytes| bytes < 128 * KIB) { -1 } else { use_stack(120 * KIB) }
} }

/// A body that calls one on a further stack from inside.
fn nested(arg: *mut c_void) -> c_int {
    // SAFETY: the scenarios pass the address of a callback.
    let inner = unsafe { c::c_call_with_frame(64 * KIB, CCallback(arg), ptr::null_mut()) };
    if inner == -7 { 0 } else { inner }
}

callback! { "C" [reserve = 9 << 20] fn nests(arg) { nested(arg) } }

callback! { "C" [reserve = 9 << 20, fallback = -7] fn nests_or_tells(arg) { nested(arg) } }

callback! { "C" [reserve = 9 << 20] fn deep(_arg) { use_stack(120 * KIB) } }

callback! { "C" [reserve = 9 << 20, fallback = -7] fn deep_or_tells(_arg) { use_stack(120 * KIB) } }

/// A coroutine, and the callback that it is to call.
struct Job {
    coroutine: *mut Coroutine,
    f: CCallback,
}

fn suspend_in(arg: *mut c_void) -> c_int {
    // SAFETY: the scenario passes its job, which outlives the coroutine; this runs in it.
    unsafe { c::c_coroutine_suspend((*arg.cast::<Job>()).coroutine) };
    use_stack(120 * KIB)
}

callback! { "C" fn suspends(arg) { suspend_in(arg) } }

callback! { "C" [fallback = -7] fn suspends_or_tells(arg) { suspend_in(arg) } }

/// Which callbacks a trial uses.
#[derive(Clone, Copy, Debug)]
struct Callbacks {
    mode: Mode,
    has_fallback: bool,
}

impl Callbacks {
    fn works(self) -> CCallback {
        if self.has_fallback { works_or_tells::of(self.mode) } else { works::of(self.mode) }
    }

    fn nests(self) -> CCallback {
        if self.has_fallback { nests_or_tells::of(self.mode) } else { nests::of(self.mode) }
    }

    fn deep(self) -> CCallback {
        if self.has_fallback { deep_or_tells::of(self.mode) } else { deep::of(self.mode) }
    }

    fn suspends(self) -> CCallback {
        if self.has_fallback { suspends_or_tells::of(self.mode) } else { suspends::of(self.mode) }
    }
}

type Inside = fn(Callbacks) -> c_int;

/// Runs `inside` on a C thread that is too small for any body, as C code would.
fn on_thread(callbacks: Callbacks, inside: Inside) -> c_int {
    extern "C" fn begins(arg: *mut c_void) -> c_int {
        // SAFETY: `on_thread` passes this pair.
        let &mut (callbacks, inside) = unsafe { tests::from_c::<(Callbacks, Inside)>(arg) };
        // Only now: the thread is there.
        ARMED.store(true, Relaxed);
        inside(callbacks)
    }
    let mut start = (callbacks, inside);
    // SAFETY: the function expects the pair, which outlives the thread.
    unsafe { c::c_call_on_thread(120 * KIB, CCallback(begins as *const c_void), to_c(&mut start)) }
}

/// Calls as C code would.
fn call(f: CCallback, arg: *mut c_void) -> c_int {
    // SAFETY: each callback gets what it expects.
    unsafe { c::c_call(f, arg) }
}

/// The results of several calls: 0 or the fallback's, where each must be one of the two.
fn all(results: impl IntoIterator<Item = c_int>) -> c_int {
    let mut all = 0;
    for result in results {
        match result {
            0 => (),
            -7 => all = -7,
            wrong => return wrong,
        }
    }
    all
}

const SCENARIOS: [(&str, Inside); 9] = [
    ("first callback", |callbacks| {
        on_thread(callbacks, |callbacks| call(callbacks.works(), ptr::null_mut()))
    }),
    ("first callback on the main thread", |callbacks| {
        let bounds = guarded_callback::StackBounds::of_thread();
        let low = bounds.map_or(tests::near_sp() - 64 * KIB, |bounds| bounds.low());
        ARMED.store(true, Relaxed);
        // SAFETY: the body does not use its argument.
        unsafe { c::c_call_with_left(64 * KIB, low, callbacks.works(), ptr::null_mut()) }
    }),
    ("nested callbacks", |callbacks| {
        on_thread(callbacks, |callbacks| {
            all((0..3).map(|_| call(callbacks.nests(), callbacks.deep().0.cast_mut())))
        })
    }),
    ("coroutines", |callbacks| on_thread(callbacks, coroutines)),
    ("registered coroutine", |callbacks| on_thread(callbacks, registered)),
    ("end of a thread", |callbacks| {
        extern "C" fn calls(arg: *mut c_void) -> c_int {
            ARMED.store(true, Relaxed);
            call(CCallback(arg), ptr::null_mut())
        }
        let f = callbacks.works().0.cast_mut();
        // SAFETY: the function expects the address of a callback.
        let sum = unsafe {
            c::c_call_at_thread_end(120 * KIB, 1, 4, CCallback(calls as *const c_void), f)
        };
        if sum < 0 && sum % 7 == 0 { -7 } else { sum }
    }),
    ("prepare_thread", |callbacks| {
        on_thread(callbacks, |callbacks| {
            prepare_thread();
            call(callbacks.works(), ptr::null_mut())
        })
    }),
    ("install_overflow_report", |callbacks| {
        on_thread(callbacks, |callbacks| {
            let _ = install_overflow_report();
            call(callbacks.works(), ptr::null_mut())
        })
    }),
    ("trim", |callbacks| {
        let before = on_thread(callbacks, |callbacks| {
            call(callbacks.nests(), callbacks.deep().0.cast_mut())
        });
        trim();
        ARMED.store(false, Relaxed);
        all([before, on_thread(callbacks, |callbacks| call(callbacks.works(), ptr::null_mut()))])
    }),
];

/// Two coroutines that are suspended inside of bodies while others call.
fn coroutines(callbacks: Callbacks) -> c_int {
    let mut memory = [vec![0_u8; 16 * KIB], vec![0_u8; 16 * KIB]];
    let mut jobs = [(); 2].map(|()| Job { coroutine: ptr::null_mut(), f: callbacks.suspends() });
    let mut results = [0; 6];
    for at in 0..2 {
        let job = to_c(&mut jobs[at]);
        // SAFETY: memory and job outlive the coroutine, which ends below.
        unsafe {
            jobs[at].coroutine =
                c::c_coroutine_new(memory[at].as_mut_ptr().cast(), 16 * KIB, jobs[at].f, job);
            c::c_coroutine_resume(jobs[at].coroutine);
        }
        results[at] = call(callbacks.works(), ptr::null_mut());
    }
    for at in 0..2 {
        // SAFETY: as above; it has ended when it is freed.
        unsafe {
            c::c_coroutine_resume(jobs[at].coroutine);
            results[2 + at] = c::c_coroutine_result(jobs[at].coroutine);
            c::c_coroutine_free(jobs[at].coroutine);
        }
        results[4 + at] = call(callbacks.works(), ptr::null_mut());
    }
    all(results)
}

/// A coroutine whose stack is registered, on memory of the heap.
fn registered(callbacks: Callbacks) -> c_int {
    let mut memory = vec![0_u8; 256 * KIB];
    let range = memory.as_ptr_range();
    // Without memory for the table it is a foreign stack.
    let _registration = register_stack(range.start.addr()..range.end.addr());
    // SAFETY: the memory outlives the coroutine, which ends at once; the body does not use its
    // argument.
    unsafe {
        let coroutine = c::c_coroutine_new(
            memory.as_mut_ptr().cast(),
            memory.len(),
            callbacks.works(),
            ptr::null_mut(),
        );
        c::c_coroutine_resume(coroutine);
        let result = c::c_coroutine_result(coroutine);
        c::c_coroutine_free(coroutine);
        all([result, call(callbacks.works(), ptr::null_mut())])
    }
}

// How a trial goes.

/// The exit status of a trial in which all was well, but nothing failed any more.
const NOT_REACHED: c_int = 9;

/// One trial, in a process that does nothing else: the exit status.
fn trial(scenario: Inside, callbacks: Callbacks) -> c_int {
    let result = scenario(callbacks);
    ARMED.store(false, Relaxed);
    let (function, at) = (FAULT.0.load(Relaxed), FAULT.1.load(Relaxed));
    if result != 0 && !(result == -7 && callbacks.has_fallback) {
        eprintln!("the result is {result}");
        return 2;
    }
    trim();
    let left = stats().stacks_mapped - stats().stacks_unmapped - stats().stacks_pooled;
    // The main thread may keep its stack.
    let kept =
        usize::from(guarded_callback::StackMap::current().to_string().contains("system stack"));
    if left != kept {
        eprintln!("{left} stacks are left: {:?}", stats());
        return 3;
    }
    if CALLS[function].load(Relaxed) < at { NOT_REACHED } else { 0 }
}

/// Runs `inside` in a fork and returns its wait status and what it wrote to standard error.
fn forked(inside: impl FnOnce() -> c_int) -> (c_int, String) {
    // SAFETY: plain calls on files and processes of our own. The fork of this process, which has
    // one thread, may do all that it may.
    unsafe {
        let file = libc::memfd_create(c"stderr".as_ptr(), 0);
        let child = libc::fork();
        if child == 0 {
            libc::dup2(file, 2);
            libc::alarm(60);
            libc::_exit(inside());
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        let mut bytes = [0_u8; 4096];
        let len = libc::pread(file, bytes.as_mut_ptr().cast(), bytes.len(), 0);
        libc::close(file);
        (status, String::from_utf8_lossy(&bytes[..usize::try_from(len).unwrap_or(0)]).into_owned())
    }
}

/// Whether the process ended with the one line.
fn is_the_abort((status, stderr): &(c_int, String)) -> bool {
    let aborted = libc::WIFSIGNALED(*status) && libc::WTERMSIG(*status) == libc::SIGABRT;
    aborted && stderr.lines().count() == 1 && stderr.starts_with("guarded-callback: `")
}

/// Lets the function fail at each of its calls. Returns how many there were.
fn fail_everywhere(
    function: usize,
    ever_after: bool,
    name: &str,
    scenario: Inside,
    callbacks: Callbacks,
) -> usize {
    for at in 1..200 {
        FAULT.0.store(function, Relaxed);
        FAULT.1.store(at, Relaxed);
        FAULT.2.store(ever_after, Relaxed);
        let ended = forked(|| trial(scenario, callbacks));
        let may_abort = !callbacks.has_fallback || name == "prepare_thread";
        if libc::WIFEXITED(ended.0) && libc::WEXITSTATUS(ended.0) == NOT_REACHED {
            return at - 1;
        }
        let is_right = ended.0 == 0 || (may_abort && is_the_abort(&ended));
        let names = SYSTEM_CALLS.iter().map(|call| call.0).chain(FUNCTIONS);
        let function = names.clone().nth(function).expect("one of them");
        assert!(
            is_right,
            "{name} {callbacks:?} {function} {at} {ever_after}: {:#x} {}",
            ended.0, ended.1
        );
    }
    panic!("no end of calls");
}

/// Returns how many calls there were.
fn all_scenarios(function: usize) -> usize {
    let mut reached = 0;
    for (name, scenario) in SCENARIOS {
        for (mode, has_fallback) in [
            (Mode::Always, true),
            (Mode::WhenLow, true),
            (Mode::Always, false),
            (Mode::WhenLow, false),
        ] {
            for ever_after in [false, true] {
                reached += fail_everywhere(
                    function,
                    ever_after,
                    name,
                    scenario,
                    Callbacks { mode, has_fallback },
                );
            }
        }
    }
    reached
}

macro_rules! failing {
    ($($test:ident = $function:expr;)*) => {$(
        #[test]
        fn $test() {
            if !is_emulated("takes too long for so many forks") {
                let no_key = |command: &mut std::process::Command| {
                    if $function == GETATTR + KEY_CREATE {
                        command.env(NO_KEY_AT_LOAD.to_str().expect("ASCII"), "1");
                    }
                };
                let scenarios = || assert!(all_scenarios($function) > 0, "nothing was tried");
                if let Some(death) =
                    run_child(stringify!($test), stringify!($test), no_key, scenarios)
                {
                    assert!(death.code == Some(0), "{}", death.transcript());
                }
            }
        }
    )*};
}

failing! {
    failing_mmap_is_a_refusal_and_loses_nothing = 0;
    failing_mprotect_is_a_refusal_and_loses_nothing = 1;
    failing_madvise_changes_nothing_and_loses_nothing = 2;
    failing_sigaltstack_changes_nothing_and_loses_nothing = 3;
    failing_futex_proves_nothing_and_loses_nothing = 4;
    failing_sysconf_changes_nothing_and_loses_nothing = GETATTR + 1;
    failing_pthread_key_create_changes_nothing_and_loses_nothing = GETATTR + KEY_CREATE;
    failing_pthread_setspecific_changes_nothing_and_loses_nothing = GETATTR + 3;
}

/// It takes a lock and calls realloc, so that nothing of the runtime may need it where glibc tells
/// its threads by descriptors.
#[test]
fn pthread_getattr_np_is_never_called() {
    if !is_emulated("takes too long for so many forks") {
        isolated("pthread_getattr_np_is_never_called", || assert_eq!(all_scenarios(GETATTR), 0));
    }
}

// Limits instead of single calls.

/// Bytes of address space, or of data, that the process has by its own account.
fn bytes_in_use(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find(|line| line.starts_with(name)).expect("told by Linux");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") * 1024
}

/// What is to be had when the callbacks of a thread begin: the resource, and how many bytes more
/// than are in use.
static LIMIT: (AtomicUsize, AtomicUsize) = (AtomicUsize::new(0), AtomicUsize::new(0));

/// Three nested callbacks and one more, under the limit.
fn limited(callbacks: Callbacks) -> c_int {
    let limit =
        libc::rlimit { rlim_cur: LIMIT.1.load(Relaxed) as u64, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a valid limit for this process, which does nothing else.
    unsafe {
        libc::setrlimit(LIMIT.0.load(Relaxed) as libc::__rlimit_resource_t, &raw const limit)
    };
    let nested = (0..3).map(|_| call(callbacks.nests(), callbacks.deep().0.cast_mut()));
    let result = all(nested.chain([call(callbacks.works(), ptr::null_mut())]));
    let none = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: as above.
    unsafe { libc::setrlimit(LIMIT.0.load(Relaxed) as libc::__rlimit_resource_t, &raw const none) };
    result
}

/// Steps the limit down from more than enough to nothing.
fn step_down(resource: libc::__rlimit_resource_t, in_use: &str) {
    let mut ways = [0; 2];
    for (mode, has_fallback) in
        [(Mode::Always, true), (Mode::WhenLow, true), (Mode::Always, false), (Mode::WhenLow, false)]
    {
        for mib in (0..40).chain((40..200).step_by(8)) {
            let callbacks = Callbacks { mode, has_fallback };
            let ended = forked(|| {
                LIMIT.0.store(resource as usize, Relaxed);
                // The thread itself comes first, and is in use by then.
                LIMIT.1.store((bytes_in_use(in_use) + (mib << 20)) as usize, Relaxed);
                FAULT.1.store(0, Relaxed);
                trial(|callbacks| on_thread(callbacks, limited), callbacks)
            });
            let is_abort = is_the_abort(&ended);
            assert!(
                ended.0 == 0 || (is_abort && !has_fallback),
                "{mib} {callbacks:?}: {:#x} {}",
                ended.0,
                ended.1
            );
            ways[usize::from(is_abort)] += 1;
        }
    }
    assert!(
        ways[0] > 0 && ways[1] > 0,
        "the limits were never low, or never high enough: {ways:?}"
    );
}

/// Takes all maps that the process may have, but for so many.
fn fill_maps(spared: usize) {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    let mut maps = Vec::with_capacity(MOST_MAPS);
    loop {
        // Neighbours of different protection stay maps of their own.
        let protection = if maps.len() % 2 == 0 { libc::PROT_READ } else { libc::PROT_NONE };
        // SAFETY: a fresh mapping.
        let map = unsafe { libc::mmap(ptr::null_mut(), 4096, protection, flags, -1, 0) };
        if map == libc::MAP_FAILED {
            break;
        }
        maps.push(map);
    }
    for map in maps.into_iter().rev().take(spared) {
        // SAFETY: just mapped, and used by nobody.
        unsafe { libc::munmap(map, 4096) };
    }
}

/// The largest vm.max_map_count that is used up in a short time; the kernel's own is 65530.
const MOST_MAPS: usize = 100_000;

static SPARED: AtomicUsize = AtomicUsize::new(0);

fn without_maps(callbacks: Callbacks) -> c_int {
    fill_maps(SPARED.load(Relaxed));
    let nested = (0..3).map(|_| call(callbacks.nests(), callbacks.deep().0.cast_mut()));
    all(nested.chain([call(callbacks.works(), ptr::null_mut())]))
}

/// In qemu 7.2 all steps down succeed, and nothing is ever refused.
const IGNORES_LIMITS: &str = "ignores limits of memory";

#[test]
fn low_rlimit_as_is_a_refusal() {
    if !is_emulated(IGNORES_LIMITS) {
        isolated("low_rlimit_as_is_a_refusal", || step_down(libc::RLIMIT_AS, "VmSize:"));
    }
}

#[test]
fn low_rlimit_data_is_a_refusal() {
    if !is_emulated(IGNORES_LIMITS) {
        isolated("low_rlimit_data_is_a_refusal", || step_down(libc::RLIMIT_DATA, "VmData:"));
    }
}

#[test]
fn process_without_a_map_to_spare_refuses() {
    let most = std::fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    if most.is_none_or(|most: usize| most > MOST_MAPS) || is_emulated("has another limit") {
        eprintln!("vm.max_map_count is too large to be used up here");
        return;
    }
    isolated("process_without_a_map_to_spare_refuses", || {
        let mut ways = [0; 2];
        for (spared, has_fallback) in (0..10).flat_map(|spared| [(spared, true), (spared, false)]) {
            SPARED.store(spared, Relaxed);
            let callbacks = Callbacks { mode: Mode::Always, has_fallback };
            let ended = forked(|| match on_thread(callbacks, without_maps) {
                0 => 0,
                -7 => 7,
                _ => 1,
            });
            let is_refused = if has_fallback { ended.0 == 7 << 8 } else { is_the_abort(&ended) };
            assert!(
                ended.0 == 0 || is_refused,
                "{spared} {callbacks:?}: {:#x} {}",
                ended.0,
                ended.1
            );
            ways[usize::from(is_refused)] += 1;
        }
        assert!(ways[0] > 0 && ways[1] > 0, "there was always a map to be had, or never: {ways:?}");
    });
}
