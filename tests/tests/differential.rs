//! C programs that call back a plain function, an `always` and a `when_low` one: nobody can tell
//! which from what they print, how they end, or what they see of errno, the floating-point
//! environment, the signal mask and the like, before, inside of and after the body.
//!
//! Each program runs in a process of its own, on a thread so small that both modes switch; all that
//! it wrote is compared byte for byte, but for the numbers of threads in panic messages and the
//! frames of backtraces.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use core::ffi::{c_char, c_int, c_void};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::io::Write;

use guarded_callback::on_system_stack;
use tests::{CCallback, Death, Mode, c, callback, run_child, use_stack};

/// A program of differential.c: what it calls back, and a number of its own.
type Program = unsafe extern "C-unwind" fn(CCallback, c_int) -> c_int;

unsafe extern "C-unwind" {
    fn c_act(act: c_int) -> c_int;
    fn c_tell(when: *const c_char);
    fn c_run_program(program: Program, f: CCallback, act: c_int) -> c_int;
    fn c_program_state(f: CCallback, first: c_int) -> c_int;
    fn c_program_changed_state(f: CCallback, unused: c_int) -> c_int;
    fn c_program_act(f: CCallback, act: c_int) -> c_int;
    fn c_program_divide(f: CCallback, unused: c_int) -> c_int;
    fn c_program_signals(f: CCallback, unused: c_int) -> c_int;
    fn c_program_jumps(f: CCallback, unused: c_int) -> c_int;
    fn c_program_registers(f: CCallback, unused: c_int) -> c_int;
    fn c_program_catches(f: CCallback, act: c_int) -> c_int;
    fn c_program_cancels(f: CCallback, unused: c_int) -> c_int;
    fn c_program_sorts(compare: CCallback, unused: c_int) -> c_int;
    fn c_program_walks(visit: CCallback, unused: c_int) -> c_int;
    fn c_program_at_exit(f: CCallback, code: c_int) -> c_int;
}

/// Acts of differential.c.
const TELL: c_int = 0;
const EXIT: c_int = 5;
const EXIT_AT_ONCE: c_int = 6;
const ABORT: c_int = 7;
const RAISE_FPE: c_int = 8;
const RAISE_SEGV: c_int = 9;
const DIVIDE: c_int = 10;
const WRITE_NOWHERE: c_int = 11;
const END_THREAD: c_int = 14;

/// Added to an act: three other callbacks come first, so that this one goes the warm way.
const LATER: c_int = 300;

/// Whether bodies are to run on a system stack, as they must not run where the twin does without
/// anybody noticing.
static SWITCHES: AtomicBool = AtomicBool::new(false);

fn check_place() {
    if on_system_stack() != SWITCHES.load(Relaxed) {
        eprintln!("the body runs on the wrong stack");
    }
}

/// What a callback in any mode does, after C has been told what it sees on entry.
fn act(arg: *mut c_void) -> c_int {
    // SAFETY: the programs pass acts; those that do not return leave only frames without anything
    // to drop.
    let result = unsafe { c_act(arg.addr() as c_int) };
    check_place();
    println!("the body is over, {result}");
    result
}

callback! { "C" fn acts(arg) { act(arg) } }

callback! { "C-unwind" fn acts_unwinding(arg) { act(arg) } }

callback! { "C" fn panics(arg) {
    act(arg);
    panic!("a body in C")
} }

callback! { "C-unwind" fn panics_unwinding(arg) {
    act(arg);
    panic!("a body that may unwind")
} }

callback! { "C-unwind" fn throws(arg) {
    act(arg);
    // SAFETY: an exception may leave this function.
    unsafe { c::c_throw(12) }
} }

/// Functions of other types than `callback!` makes, in every mode.
macro_rules! in_every_mode {
    ($(fn $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? $body:block)*) => {$(
        mod $name {
            use super::*;
            #[guarded_callback::guarded_callback(switch = always)]
            extern "C" fn always($($arg: $type),*) $(-> $result)? $body
            #[guarded_callback::guarded_callback(switch = when_low)]
            extern "C" fn when_low($($arg: $type),*) $(-> $result)? $body
            extern "C" fn plain($($arg: $type),*) $(-> $result)? $body
            pub(super) fn of(mode: Mode) -> CCallback {
                CCallback(match mode {
                    Mode::Plain => plain as *const c_void,
                    Mode::Always => always as *const c_void,
                    Mode::WhenLow => when_low as *const c_void,
                })
            }
        }
    )*};
}

in_every_mode! {
    fn compares(a: *const c_int, b: *const c_int) -> c_int {
        check_place();
        // SAFETY: qsort and bsearch pass elements.
        let (a, b) = unsafe { (*a, *b) };
        print!("{a}?{b} ");
        a.cmp(&b) as c_int
    }

    fn visits(path: *const c_char, stat: *const c_void, kind: c_int) -> c_int {
        check_place();
        // SAFETY: ftw passes a string.
        let path = unsafe { core::ffi::CStr::from_ptr(path) };
        println!("{path:?} {kind} {}", stat.is_null());
        // The walk ends early, with this result.
        if path.to_bytes().ends_with(b"jump.c") { 17 } else { 0 }
    }

    fn says_farewell() {
        println!("farewell");
        // SAFETY: a string; C only tells what it sees.
        unsafe { c_tell(c"farewell".as_ptr()) };
        check_place();
    }
}

/// How the plain program ends, to see that it does what it is there for.
#[derive(Debug, PartialEq)]
enum End {
    Exit(i32),
    Signal(i32),
}

/// Without the numbers of threads in "thread 'name' (123) panicked", and without the frames of the
/// backtrace that a panic which cannot unwind prints whatever RUST_BACKTRACE says: the switch is
/// among them, and addresses.
fn normalised(text: &str) -> String {
    let is_frame = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("at ")
            || line.split_once(": ").is_some_and(|(n, _)| n.parse::<u32>().is_ok())
    };
    let lines = text.lines().filter(|line| !is_frame(line)).map(|line| {
        match (line.find(" ("), line.find(") panicked")) {
            (Some(open), Some(close)) if line.starts_with("thread '") && open < close => {
                format!("{} (#{}", &line[..open], &line[close..])
            }
            // What libgcc's _Unwind_RaiseException returns is lost on aarch64 (GCC bug 114843), and
            // on powerpc64 it is another number at each run as well: whatever is in the register.
            _ if cfg!(any(target_arch = "aarch64", target_arch = "powerpc64"))
                && line.contains("failed to initiate panic, error ") =>
            {
                line.split(", error ").next().unwrap_or(line).to_owned()
            }
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Everything that can be seen of a process from outside.
fn seen(death: &Death) -> String {
    let Death { signal, code, core, stdout, stderr } = death;
    format!(
        "signal {signal:?}, code {code:?}, core {core}\n{}\n--\n{}",
        normalised(stdout),
        normalised(stderr)
    )
}

/// The first line that differs, and everything.
fn compare(what: Mode, plain: &str, other: &str) {
    let differs = plain.lines().zip(other.lines()).find(|(plain, other)| plain != other);
    assert!(
        plain == other,
        "plain and {what:?} differ first in {differs:#?}\n\nplain: {plain}\n\n{what:?}: {other}"
    );
}

/// Runs the scenario in each mode and compares.
fn agree(test: &str, end: End, scenario: fn(Mode)) {
    let [plain, always, when_low] = [Mode::Plain, Mode::Always, Mode::WhenLow].map(|mode| {
        run_child(
            test,
            &format!("{test} {mode:?}"),
            |_| (),
            || {
                SWITCHES.store(mode != Mode::Plain, Relaxed);
                scenario(mode);
            },
        )
    });
    let (Some(plain), Some(always), Some(when_low)) = (plain, always, when_low) else { return };
    let ended = plain.signal.map_or_else(|| End::Exit(plain.code.unwrap_or(-1)), End::Signal);
    assert_eq!(ended, end, "{}", plain.transcript());
    assert!(!plain.stderr.is_empty(), "the program told nothing");
    compare(Mode::Always, &seen(&plain), &seen(&always));
    compare(Mode::WhenLow, &seen(&plain), &seen(&when_low));
}

fn run(program: Program, f: CCallback, act: c_int) {
    let _ = std::io::stdout().flush();
    // SAFETY: each test passes a callback of the type that the program calls.
    assert_eq!(unsafe { c_run_program(program, f, act) }, 0);
    // Outside of bodies: whatever they left behind, this thread is in order.
    assert_eq!(use_stack(4096), 0);
}

/// Tests that compare the modes: a name, how the program ends, and the program.
macro_rules! agree {
    ($(fn $name:ident($mode:ident) ends $end:expr, $program:expr;)*) => {$(
        #[test]
        fn $name() {
            agree(stringify!($name), $end, |$mode| $program);
        }
    )*};
}

agree! {
    fn body_and_c_see_the_same_state(mode) ends End::Exit(0),
        // Each kind of state at the first callback of a thread, and the others after it.
        (0..4).for_each(|first| run(c_program_state, acts::of(mode), first));
    fn state_set_by_a_body_stays(mode) ends End::Exit(0),
        run(c_program_changed_state, acts::of(mode), 0);
    fn state_set_by_an_unwinding_body_stays(mode) ends End::Exit(0),
        run(c_program_changed_state, acts_unwinding::of(mode), 0);
    fn signal_raised_by_a_body_is_handled_alike(mode) ends End::Exit(0),
        run(c_program_signals, acts::of(mode), 0);
    fn longjmp_out_of_a_body_arrives_alike(mode) ends End::Exit(0),
        run(c_program_jumps, acts::of(mode), 0);
    fn registers_come_back_alike(mode) ends End::Exit(0),
        run(c_program_registers, acts::of(mode), 0);
    fn cancellation_delayed_by_a_body_comes_alike(mode) ends End::Exit(0),
        run(c_program_cancels, acts::of(mode), 0);
    fn sorting_or_searching_goes_alike(mode) ends End::Exit(0),
        run(c_program_sorts, compares::of(mode), 0);
    fn walk_of_files_goes_alike(mode) ends End::Exit(0),
        run(c_program_walks, visits::of(mode), 0);
    fn handlers_at_exit_run_alike(mode) ends End::Exit(5),
        run(c_program_at_exit, says_farewell::of(mode), 5);

    fn first_body_that_exits_ends_alike(mode) ends End::Exit(33),
        run(c_program_act, acts::of(mode), EXIT);
    fn body_that_exits_ends_alike(mode) ends End::Exit(33),
        run(c_program_act, acts::of(mode), LATER + EXIT);
    fn body_that_exits_at_once_ends_alike(mode) ends End::Exit(34),
        run(c_program_act, acts::of(mode), LATER + EXIT_AT_ONCE);
    fn body_that_aborts_ends_alike(mode) ends End::Signal(libc::SIGABRT),
        run(c_program_act, acts::of(mode), LATER + ABORT);
    fn sigfpe_in_a_body_ends_alike(mode) ends End::Signal(libc::SIGFPE),
        run(c_program_act, acts::of(mode), LATER + RAISE_FPE);
    fn sigsegv_in_a_body_ends_alike(mode) ends End::Signal(libc::SIGSEGV),
        run(c_program_act, acts::of(mode), LATER + RAISE_SEGV);
    fn division_that_traps_in_a_body_ends_alike(mode) ends End::Signal(libc::SIGFPE),
        run(c_program_act, acts::of(mode), DIVIDE);
    fn trap_set_by_a_body_is_on_in_c(mode) ends End::Signal(libc::SIGFPE),
        run(c_program_divide, acts::of(mode), 0);
    fn fault_in_a_body_ends_alike(mode) ends End::Signal(libc::SIGSEGV),
        run(c_program_act, acts::of(mode), LATER + WRITE_NOWHERE);
    fn body_that_ends_the_thread_ends_alike(mode) ends End::Exit(0),
        run(c_program_act, acts_unwinding::of(mode), LATER + END_THREAD);

    fn panic_in_c_ends_alike(mode) ends End::Signal(libc::SIGABRT),
        run(c_program_act, panics::of(mode), TELL);
    fn panic_that_nobody_catches_ends_alike(mode) ends End::Signal(libc::SIGABRT),
        run(c_program_act, panics_unwinding::of(mode), TELL);
    fn exception_that_nobody_catches_ends_alike(mode) ends End::Signal(libc::SIGABRT),
        run(c_program_act, throws::of(mode), TELL);
    fn exception_is_caught_alike(mode) ends End::Exit(0),
        run(c_program_catches, throws::of(mode), TELL);
}
