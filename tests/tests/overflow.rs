//! The report of an overflow, and what it must leave alone.

// Signals; windows.rs has the exceptions.
#![cfg(unix)]

#[cfg(target_os = "linux")]
use core::ffi::c_long;
use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::io::{Read, Write};

use guarded_callback::{
    StackBounds, StackMap, install_overflow_report, on_system_stack, prepare_thread,
};
use tests::{
    CCallback, Death, Mode, SYSTEM_STACK_BYTES, c, callback, in_both_modes, is_emulated, maps,
    run_child, to_c, use_stack,
};

const KIB: usize = 1024;

/// The signal of an access to the guard area: memory that is there and must not be touched is a bus
/// error on Apple's systems.
const AT_A_GUARD: c_int = if cfg!(target_vendor = "apple") { libc::SIGBUS } else { libc::SIGSEGV };

/// The name of a thread in a report. The other systems lock the list of threads for it, which no
/// handler may wait for.
const NAME: &str = if cfg!(target_os = "linux") { "reader" } else { "" };

/// Names the calling thread, in less than 16 bytes, and tells its number.
#[cfg(target_os = "linux")]
fn name_thread(name: &core::ffi::CStr) -> c_long {
    // SAFETY: a name that ends; gettid has no preconditions.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, name.as_ptr());
        libc::syscall(libc::SYS_gettid)
    }
}

/// As above.
#[cfg(target_os = "freebsd")]
fn name_thread(name: &core::ffi::CStr) -> c_int {
    // SAFETY: a name that ends; the others have no preconditions.
    unsafe {
        libc::pthread_set_name_np(libc::pthread_self(), name.as_ptr());
        libc::pthread_getthreadid_np()
    }
}

/// As above.
#[cfg(target_vendor = "apple")]
fn name_thread(name: &core::ffi::CStr) -> u64 {
    let mut id = 0;
    // SAFETY: a name that ends; room for a number.
    unsafe {
        libc::pthread_setname_np(name.as_ptr());
        libc::pthread_threadid_np(libc::pthread_self(), &raw mut id);
    }
    id
}

/// Names its thread, tells its number, and recurses without end.
fn overflow() -> c_int {
    let id = name_thread(c"reader");
    println!("on a system stack: {}, thread {id}", on_system_stack());
    use_stack(usize::MAX / 2)
}

callback! { "C" fn overflows(_arg) { overflow() } }

callback! { "C" [reserve = SYSTEM_STACK_BYTES / 4 * 3] fn overflows_on_a_further_stack(_arg) {
    overflow()
} }

callback! { "C" [reserve = 300 * KIB] fn calls_another(arg) {
    use_stack(SYSTEM_STACK_BYTES / 8 * 3);
    // SAFETY: the tests pass a callback that does not use its argument.
    unsafe {
        c::c_call_with_frame(SYSTEM_STACK_BYTES / 8 * 3, *arg.cast::<CCallback>(), ptr::null_mut())
    }
} }

callback! { "C" fn works(_arg) { use_stack(100 * KIB) } }

/// Where C calls.
#[derive(Clone, Copy, Debug)]
enum Place {
    RustThread,
    CThread,
    Coroutine,
}

const PLACES: [Place; 3] = [Place::RustThread, Place::CThread, Place::Coroutine];

/// Calls where both modes switch.
fn call_at(place: Place, f: CCallback, arg: *mut c_void) -> c_int {
    match place {
        Place::RustThread => {
            let low = StackBounds::of_thread().expect("known").low();
            // SAFETY: the caller passes what the body expects.
            unsafe { c::c_call_with_left(64 * KIB, low, f, arg) }
        }
        // SAFETY: as above.
        Place::CThread => unsafe { c::c_call_on_thread(64 * KIB, f, arg) },
        Place::Coroutine => {
            let mut stack = vec![0_u8; 64 * KIB];
            // SAFETY: the memory outlives the coroutine.
            unsafe {
                c::c_coroutine_resume(c::c_coroutine_new(to_c(&mut stack[0]), 64 * KIB, f, arg))
            }
        }
    }
}

/// Calls where there is room.
fn call(f: CCallback) {
    // SAFETY: the bodies do not use their argument.
    unsafe { c::c_call(f, ptr::null_mut()) };
}

fn overflows_in_place() -> c_int {
    call(overflows::of(Mode::WhenLow));
    0
}

const MODES: [Mode; 2] = [Mode::Always, Mode::WhenLow];

/// The lines that we have printed.
fn report(death: &Death) -> Vec<&str> {
    death.stderr.lines().filter(|line| line.starts_with("guarded-callback:")).collect()
}

/// The words after `before`, up to the next space.
fn word_after<'a>(text: &'a str, before: &str) -> &'a str {
    let start =
        text.find(before).unwrap_or_else(|| panic!("no {before:?} in {text}")) + before.len();
    text[start..].split(' ').next().expect("the first part")
}

fn install() {
    install_overflow_report().expect("handlers can be installed");
}

/// The handler of SIGSEGV.
fn handler() -> usize {
    let mut action = core::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only asks; zeroes are an action.
    unsafe {
        assert_eq!(libc::sigaction(libc::SIGSEGV, ptr::null(), action.as_mut_ptr()), 0);
        action.assume_init().sa_sigaction
    }
}

/// What C had installed before: the kinds of `c_handle_faults`.
fn handle_faults(kind: c_int) {
    // SAFETY: the handlers are good at any time.
    assert_eq!(unsafe { c::c_handle_faults(kind) }, 0);
}

/// Runs a scenario of `test` in a child that has installed the report.
fn run_installed(test: &str, name: &str, scenario: impl FnOnce()) -> Option<Death> {
    let tag = format!("{test} {name}");
    run_child(
        test,
        &tag,
        |_| (),
        || {
            install();
            scenario();
        },
    )
}

#[test]
fn overflow_of_a_system_stack_dies_with_one_clear_report() {
    let test = "overflow_of_a_system_stack_dies_with_one_clear_report";
    for (mode, place) in MODES.into_iter().flat_map(|mode| PLACES.map(|place| (mode, place))) {
        let death = run_installed(test, &format!("{mode:?} {place:?}"), || {
            call_at(place, overflows::of(mode), ptr::null_mut());
        });
        let Some(death) = death else { continue };
        assert_eq!(death.signal, Some(AT_A_GUARD), "{}", death.transcript());
        let id = word_after(&death.stdout, "on a system stack: true, thread ");
        let name = if mode == Mode::Always { "always" } else { "when_low" };
        let [line] = report(&death)[..] else { panic!("not one line: {}", death.transcript()) };
        let start = format!(
            "guarded-callback: `overflow::overflows::{name}` has overflowed its system stack \
             on thread '{NAME}' ({id}): all of its "
        );
        assert!(line.starts_with(&start), "{line}");
        assert!(
            line.contains("iB are used, and it asked for 128 KiB; recurse less deeply, or raise"),
            "{line}"
        );
    }
}

#[cfg(target_os = "linux")]
callback! { "C" fn overflows_with_a_long_name(_arg) {
    name_thread(c"12345678901234\u{fc}");
    use_stack(usize::MAX / 2)
} }

#[cfg(target_os = "linux")]
#[test]
fn report_has_the_name_of_a_thread_that_the_kernel_has_cut_within_a_character() {
    let test = "report_has_the_name_of_a_thread_that_the_kernel_has_cut_within_a_character";
    for mode in MODES {
        let death = run_installed(test, &format!("{mode:?}"), || {
            call_at(Place::CThread, overflows_with_a_long_name::of(mode), ptr::null_mut());
        });
        let Some(death) = death else { continue };
        assert!(death.stderr.contains("on thread '12345678901234' ("), "{}", death.transcript());
    }
}

/// What the line says of a thread's own stack.
const IN_PLACE: &str = "has overflowed its own stack of ";

#[test]
fn overflow_in_place_is_reported_with_the_first_callback_of_the_thread() {
    let test = "overflow_in_place_is_reported_with_the_first_callback_of_the_thread";
    // On a thread of Rust, of C, and one that was prepared; as the first callback, and as a later
    // one.
    let scenarios: [(&str, &str, &dyn Fn()); 5] = [
        ("Rust", "overflows", &|| _ = overflows_in_place()),
        ("C", "overflows", &|| on_c_thread(&mut || _ = overflows_in_place())),
        ("prepared", "overflows", &|| {
            prepare_thread();
            overflows_in_place();
        }),
        ("later", "works", &|| {
            call(works::of(Mode::WhenLow));
            overflows_in_place();
        }),
        ("after switches", "overflows", &|| {
            call_at(Place::RustThread, works::of(Mode::WhenLow), ptr::null_mut());
            call_at(Place::RustThread, works::of(Mode::Always), ptr::null_mut());
            overflows_in_place();
        }),
    ];
    for (name, first, scenario) in scenarios {
        let death = run_installed(test, name, scenario);
        let Some(death) = death else { continue };
        assert!(death.stdout.contains("on a system stack: false"), "{}", death.transcript());
        let [line] = report(&death)[..] else {
            panic!("{name}: not one line: {}", death.transcript())
        };
        assert!(
            line.starts_with(&format!("guarded-callback: thread '{NAME}' ("))
                && line.contains(IN_PLACE),
            "{line}"
        );
        let words = format!(
            "in place, the first of them `overflow::{first}::when_low`, which asked for 128 KiB;"
        );
        assert!(line.contains(&words) && line.contains("raise its `reserve`"), "{name}: {line}");
    }
}

#[test]
fn overflow_after_a_callback_in_place_says_that_there_was_one() {
    let test = "overflow_after_a_callback_in_place_says_that_there_was_one";
    let death = run_installed(test, "", || {
        call(works::of(Mode::WhenLow));
        use_stack(usize::MAX / 2);
    });
    let Some(death) = death else { return };
    let [line] = report(&death)[..] else { panic!("not one line: {}", death.transcript()) };
    assert!(line.contains(IN_PLACE) && line.contains("if one was running"), "{line}");
}

#[test]
fn thread_without_a_callback_in_place_gets_no_report() {
    let test = "thread_without_a_callback_in_place_gets_no_report";
    let scenarios: [(&str, &dyn Fn()); 3] = [
        ("installed", &|| ()),
        ("called back elsewhere", &|| on_c_thread(&mut || call(works::of(Mode::WhenLow)))),
        ("switched", &|| call(works::of(Mode::Always))),
    ];
    for (name, scenario) in scenarios {
        let death = run_installed(test, name, || {
            scenario();
            use_stack(usize::MAX / 2);
        });
        let Some(death) = death else { continue };
        assert_eq!(report(&death), [""; 0], "{name}");
        assert!(death.signal.is_some(), "{}", death.transcript());
    }
}

#[test]
fn report_names_the_callers_on_other_stacks() {
    let test = "report_names_the_callers_on_other_stacks";
    for mode in MODES {
        let death = run_installed(test, &format!("{mode:?}"), || {
            let mut inner = overflows_on_a_further_stack::of(mode);
            call_at(Place::CThread, calls_another::of(mode), to_c(&mut inner));
        });
        let Some(death) = death else { continue };
        assert_eq!(death.signal, Some(AT_A_GUARD), "{}", death.transcript());
        let [line, caller] = report(&death)[..] else {
            panic!("not two lines: {}", death.transcript())
        };
        assert!(
            line.contains("overflows_on_a_further_stack::")
                && line.contains(if cfg!(target_pointer_width = "64") {
                    "for 6 MiB"
                } else {
                    "for 768 KiB"
                }),
            "{line}"
        );
        assert!(caller.contains("called from `overflow::calls_another::"), "{caller}");
    }
}

/// Runs `scenario` with and without the report, behind the handlers of `kind` if one is given.
/// `None` in children.
fn with_and_without(
    test: &str,
    tag: &str,
    kind: Option<c_int>,
    scenario: impl Fn(),
) -> Option<(Death, Death)> {
    let run = |installs: bool| {
        run_child(
            test,
            &format!("{test} {tag} {kind:?} {installs}"),
            |_| (),
            || {
                kind.into_iter().for_each(handle_faults);
                // SAFETY: no preconditions; it ends a child whose fault is handled again and again.
                unsafe { libc::alarm(20) };
                if installs {
                    install();
                }
                scenario();
            },
        )
    };
    run(true).zip(run(false))
}

/// The death with the report is that without it, but for our own lines.
fn same_death(with: &Death, without: &Death) {
    // Without an alternate stack the loader of macOS programs cannot tell SIGBUS from SIGSEGV.
    let same = |signal| if signal == libc::SIGBUS { libc::SIGSEGV } else { signal };
    let is_apple = cfg!(target_vendor = "apple");
    let signal = |death: &Death| if is_apple { death.signal.map(same) } else { death.signal };
    let ending = |death: &Death| (signal(death), death.code);
    assert_eq!(
        ending(with),
        ending(without),
        "{}\nwithout: {}",
        with.transcript(),
        without.transcript()
    );
    let others = |death: &Death| {
        let lines = death.stderr.lines().filter(|line| !line.starts_with("guarded-callback:"));
        tests::normalised(&lines.collect::<Vec<_>>().join("\n"))
    };
    assert_eq!(others(with), others(without));
    assert_eq!(report(without), [""; 0]);
}

#[test]
fn earlier_handler_gets_the_overflow() {
    let test = "earlier_handler_gets_the_overflow";
    let kinds = [
        (0, "", None),
        (1, "", None),
        (2, "plain C handler", Some(41)),
        (3, "C handler with siginfo", Some(42)),
    ];
    let more = [(4, "C handler that returns", None), (6, "", Some(52)), (7, "", Some(53))];
    // In qemu 7.2 no signal of sa_mask is blocked there, in plain C programs neither.
    let masks_are_kept =
        !(cfg!(target_arch = "riscv64") && is_emulated("forgets the masks of handlers"));
    let kinds = kinds.into_iter().chain(more).filter(|(kind, ..)| masks_are_kept || *kind < 6);
    for (mode, (kind, words, code)) in
        MODES.into_iter().flat_map(|mode| kinds.clone().map(move |it| (mode, it)))
    {
        // On a Rust thread, where there is an alternate stack with and without the report.
        let overflows = || _ = call_at(Place::RustThread, overflows::of(mode), ptr::null_mut());
        let Some((with, without)) =
            with_and_without(test, &format!("{mode:?}"), Some(kind), overflows)
        else {
            continue;
        };
        assert_eq!(report(&with).len(), 1, "{}", with.transcript());
        assert!(with.stderr.contains(words) && with.code == code, "{}", with.transcript());
        same_death(&with, &without);
    }
}

/// `overflows` is reported once, and deadly as without the report.
#[cfg(target_os = "linux")]
fn is_reported_and_deadly(test: &str, overflows: impl Fn(Mode)) {
    for mode in MODES {
        let tag = format!("{mode:?}");
        let Some((with, without)) = with_and_without(test, &tag, Some(0), || overflows(mode))
        else {
            continue;
        };
        assert_eq!(report(&with).len(), 1, "{}", with.transcript());
        same_death(&with, &without);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn overflow_is_deadly_where_a_later_handler_passes_it_on() {
    is_reported_and_deadly("overflow_is_deadly_where_a_later_handler_passes_it_on", |mode| {
        // SAFETY: the handler is good at any time.
        assert_eq!(unsafe { c::c_pass_faults_on() }, 0);
        call_at(Place::RustThread, overflows::of(mode), ptr::null_mut());
    });
}

#[cfg(target_os = "linux")]
callback! { "C" fn overflows_when_cancelled(_arg) {
    // SAFETY: this thread; there is no cancellation point from here on.
    unsafe { libc::pthread_cancel(libc::pthread_self()) };
    use_stack(usize::MAX / 2)
} }

#[cfg(target_os = "linux")]
#[test]
fn overflow_of_a_thread_that_is_to_be_cancelled_dies_the_same_with_the_report() {
    let test = "overflow_of_a_thread_that_is_to_be_cancelled_dies_the_same_with_the_report";
    is_reported_and_deadly(test, |mode| {
        call_at(Place::RustThread, overflows_when_cancelled::of(mode), ptr::null_mut());
    });
}

/// An overflow after `spoil`, with which the report cannot be written, is the earlier handler's.
#[cfg(target_os = "linux")]
fn is_deadly_where_the_report_is_spoilt(test: &str, spoil: impl Fn()) {
    for (mode, kind) in MODES.into_iter().flat_map(|mode| [0, 7].map(|kind| (mode, kind))) {
        let overflows = || {
            spoil();
            call_at(Place::RustThread, overflows::of(mode), ptr::null_mut());
        };
        let tag = format!("{mode:?}");
        let Some((with, without)) = with_and_without(test, &tag, Some(kind), overflows) else {
            continue;
        };
        same_death(&with, &without);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn earlier_handler_gets_the_overflow_where_nobody_reads_the_report() {
    let test = "earlier_handler_gets_the_overflow_where_nobody_reads_the_report";
    is_deadly_where_the_report_is_spoilt(test, || {
        // SAFETY: the action that C programs begin with.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        // SAFETY: standard error becomes the end of a pipe.
        unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&writer), 2) };
    });
}

#[cfg(target_os = "linux")]
#[test]
fn earlier_handler_gets_the_overflow_where_the_file_of_the_report_is_full() {
    let test = "earlier_handler_gets_the_overflow_where_the_file_of_the_report_is_full";
    is_deadly_where_the_report_is_spoilt(test, || {
        let full = libc::rlimit { rlim_cur: 0, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: a valid limit; standard error becomes a file.
        unsafe {
            libc::dup2(libc::memfd_create(c"full".as_ptr(), 0), 2);
            assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const full), 0);
        }
    });
}

#[test]
fn overflow_in_a_rust_program_dies_the_same_with_the_report() {
    let test = "overflow_in_a_rust_program_dies_the_same_with_the_report";
    for (mode, place) in MODES.into_iter().flat_map(|mode| PLACES.map(|place| (mode, place))) {
        let overflows = || _ = call_at(place, overflows::of(mode), ptr::null_mut());
        let Some((with, without)) =
            with_and_without(test, &format!("{mode:?} {place:?}"), None, overflows)
        else {
            continue;
        };
        // Without an alternate stack the signal finds no room for its handler, which ends a process
        // by another signal on Apple's systems.
        if cfg!(target_vendor = "apple")
            && with.signal == Some(AT_A_GUARD)
            && without.signal.is_some()
        {
            continue;
        }
        same_death(&with, &without);
    }
}

#[test]
fn given_alternate_stack_has_room_for_an_earlier_handler() {
    let test = "given_alternate_stack_has_room_for_an_earlier_handler";
    let death = run_child(
        test,
        test,
        |_| (),
        || {
            handle_faults(5);
            install();
            call_at(Place::CThread, overflows::of(Mode::Always), ptr::null_mut());
        },
    );
    let Some(death) = death else { return };
    assert_eq!(death.code, Some(44), "{}", death.transcript());
}

#[test]
fn overflow_dumps_the_same_core_with_the_report() {
    let test = "overflow_dumps_the_same_core_with_the_report";
    if is_emulated("dumps cores in its own way") {
        return;
    }
    let dumped = [true, false].map(|installs| {
        let place =
            std::env::temp_dir().join(format!("overflow-core-{installs}-{}", std::process::id()));
        let prepare = |command: &mut std::process::Command| {
            std::fs::create_dir_all(&place).expect("a place for the core");
            command.current_dir(&place);
        };
        let death = run_child(test, &format!("{test} {installs}"), prepare, || {
            let most =
                libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
            // SAFETY: a valid limit. Where the hard one forbids it neither child dumps a core.
            unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const most) };
            if installs {
                install();
            }
            call_at(Place::CThread, overflows::of(Mode::Always), ptr::null_mut());
        });
        death
            .inspect(|_| std::fs::remove_dir_all(&place).expect("ours"))
            .map(|death| (death.signal, death.core))
    });
    // Which signal it is: see above.
    let core = |dumped: Option<(Option<c_int>, bool)>| dumped.map(|(_, core)| core);
    assert_eq!(core(dumped[0]), core(dumped[1]));
    if cfg!(not(target_vendor = "apple")) {
        assert_eq!(dumped[0], dumped[1]);
    }
}

callback! { "C" fn writes_to(arg) {
    // SAFETY: it ends the process; that is the test.
    unsafe { c::c_write_to(*arg.cast::<usize>()) };
    0
} }

/// An address in the guard area of the stack that the last body of this thread ran on.
fn guard_of_the_idle_stack() -> usize {
    let picture = StackMap::current().to_string();
    let line = picture.lines().find(|line| line.contains("guard area")).expect("a system stack");
    usize::from_str_radix(line.split(' ').next().expect("an address").trim_start_matches("0x"), 16)
        .expect("a number")
        - 8
}

#[test]
fn fault_of_another_kind_dies_the_same_without_a_report() {
    let test = "fault_of_another_kind_dies_the_same_without_a_report";
    for (mode, kind) in MODES
        .into_iter()
        .flat_map(|mode| [None, Some(0), Some(2), Some(3)].map(|kind| (mode, kind)))
    {
        let null_in_a_body =
            || _ = call_at(Place::RustThread, writes_to::of(mode), to_c(&mut 8_usize));
        let null_outside = || {
            call_at(Place::RustThread, works::of(mode), ptr::null_mut());
            call_at(Place::RustThread, writes_to::of(Mode::Plain), to_c(&mut 8_usize));
        };
        let guard_from_outside = || {
            call_at(Place::RustThread, works::of(mode), ptr::null_mut());
            call_at(
                Place::RustThread,
                writes_to::of(Mode::Plain),
                to_c(&mut guard_of_the_idle_stack()),
            );
        };
        let guard_in_a_body = || {
            let f = writes_below_its_stack::of(Mode::Always);
            call_at(Place::CThread, f, to_c(&mut 8_usize));
        };
        let scenarios: [(&str, &dyn Fn()); 4] = [
            ("guard in a body", &guard_in_a_body),
            ("null in a body", &null_in_a_body),
            ("null outside", &null_outside),
            ("guard from outside", &guard_from_outside),
        ];
        for (name, scenario) in scenarios {
            let Some((with, without)) =
                with_and_without(test, &format!("{name} {mode:?}"), kind, scenario)
            else {
                continue;
            };
            assert_eq!(report(&with), [""; 0], "{name}");
            assert!(with.signal.is_some() || kind.is_some(), "{name}: {}", with.transcript());
            same_death(&with, &without);
        }
    }
}

callback! { "C" [reserve = 16 * KIB] fn overflows_in_place(_arg) {
    println!("on a system stack: {}", on_system_stack());
    use_stack(usize::MAX / 2)
} }

extern "C" fn asks_for_too_little(_arg: *mut c_void) -> c_int {
    prepare_thread();
    // SAFETY: the body does not use its argument.
    unsafe { c::c_call(overflows_in_place::of(Mode::WhenLow), ptr::null_mut()) }
}

/// The mistake that users make most: a reserve smaller than what the body uses.
#[test]
fn overflow_of_the_threads_own_stack_by_a_body_in_place_is_reported() {
    let test = "overflow_of_the_threads_own_stack_by_a_body_in_place_is_reported";
    for (kind, place) in [None, Some(0), Some(2)]
        .into_iter()
        .flat_map(|kind| ["Rust", "C"].map(|place| (kind, place)))
    {
        let overflows = || {
            if place == "Rust" {
                asks_for_too_little(ptr::null_mut());
            } else {
                let f = CCallback(asks_for_too_little as *const c_void);
                // SAFETY: the function does not use its argument.
                unsafe { c::c_call_on_thread(256 * KIB, f, ptr::null_mut()) };
            }
        };
        let Some((with, without)) = with_and_without(test, place, kind, overflows) else {
            continue;
        };
        let [line] = report(&with)[..] else {
            panic!("{kind:?} {place}: not one line: {}", with.transcript())
        };
        assert!(with.stdout.contains("on a system stack: false"), "{}", with.transcript());
        // On FreeBSD the lowest page of every stack may be a guard. musl adds what it keeps there.
        let own = match (place, cfg!(target_os = "freebsd")) {
            _ if cfg!(target_env = "musl") => "its own stack of 2",
            ("Rust", false) => "its own stack of 2 MiB",
            ("Rust", true) => "its own stack of 2044 KiB",
            (_, false) => "its own stack of 256 KiB",
            (_, true) => "its own stack of 252 KiB",
        };
        assert!(
            line.contains(own) && line.contains("`reserve`") && line.contains("raise it"),
            "{line}"
        );
        // A thread of C has no alternate stack without the report, and so no handler runs there.
        if place == "Rust" || kind == Some(0) {
            same_death(&with, &without);
        }
    }
}

#[test]
fn signal_that_was_sent_is_no_fault() {
    let test = "signal_that_was_sent_is_no_fault";
    for (kind, signal, code) in [
        (0, Some(libc::SIGSEGV), None),
        (1, None, Some(0)),
        (2, None, Some(41)),
        (3, None, Some(43)),
    ] {
        let sends = || {
            let before = handler();
            // SAFETY: no preconditions.
            unsafe { libc::raise(libc::SIGSEGV) };
            assert_eq!(handler(), before, "an ignored signal has changed the handler");
        };
        let Some((with, without)) = with_and_without(test, "", Some(kind), sends) else { continue };
        assert_eq!((with.signal, with.code), (signal, code), "{}", with.transcript());
        same_death(&with, &without);
    }
}

#[test]
fn signal_that_was_sent_interrupts_what_it_did_without_the_report() {
    let test = "signal_that_was_sent_interrupts_what_it_did_without_the_report";
    if tests::is_in_loader("has a handler of its own for faults, which restarts nothing")
        || is_emulated("restarts no system call after SIGSEGV, SA_RESTART or not")
    {
        return;
    }
    for (kind, result) in [(1, "Ok(1)"), (4, "Interrupted"), (8, "Ok(1)")] {
        let waits = || {
            // SAFETY: no preconditions.
            let waiting = unsafe { libc::pthread_self() } as usize;
            let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
            let sender = std::thread::spawn(move || {
                std::thread::sleep(core::time::Duration::from_millis(300));
                // SAFETY: the thread waits for this one.
                unsafe { libc::pthread_kill(waiting as libc::pthread_t, libc::SIGSEGV) };
                std::thread::sleep(core::time::Duration::from_millis(100));
                writer.write_all(b"x").expect("a reader");
                writer
            });
            println!("read: {:?}", reader.read(&mut [0]));
            sender.join().expect("its end");
        };
        let Some((with, without)) = with_and_without(test, "", Some(kind), waits) else { continue };
        for death in [&with, &without] {
            let read = death.stdout.lines().find(|line| line.contains("read: "));
            assert!(read.is_some_and(|it| it.contains(result)), "{kind} {}", death.transcript());
        }
        same_death(&with, &without);
    }
}

/// What `sigaltstack` says: size and lowest address, zero if there is none.
fn alternate_stack() -> (usize, usize) {
    let mut low = 0;
    // SAFETY: a valid place for the answer.
    let bytes = unsafe { c::c_alternate_stack(&raw mut low) };
    (bytes, low)
}

extern "C" fn thread_body(arg: *mut c_void) -> c_int {
    // SAFETY: the tests pass what runs on the thread.
    unsafe { (*arg.cast::<&mut dyn FnMut()>())() };
    0
}

/// Runs `body` on a thread that C makes.
fn on_c_thread(body: &mut dyn FnMut()) {
    let mut body = body;
    // SAFETY: the body is as `thread_body` expects, and waits for the thread.
    let result = unsafe {
        c::c_call_on_thread(256 * KIB, CCallback(thread_body as *const c_void), to_c(&mut body))
    };
    assert_eq!(result, 0);
}

in_both_modes! {
    fn alternate_stacks_of_ended_threads_are_taken_back(mode) {
        install();
        let round = || on_c_thread(&mut || {
            assert_eq!(alternate_stack(), (0, 0));
            call_at(Place::RustThread, works::of(mode), ptr::null_mut());
            assert!(alternate_stack().0 > 0);
        });
        (0..100).for_each(|_| round());
        let before = maps();
        (0..1000).for_each(|_| round());
        assert!(maps() <= before + 8, "{before} -> {}", maps());
    }

    fn own_alternate_stack_of_a_thread_is_kept(mode) {
        install();
        on_c_thread(&mut || {
            let mut own = vec![0_u8; 32 * KIB];
            // SAFETY: the memory stays until the thread's alternate stack is taken away below.
            assert_eq!(unsafe { c::c_set_alternate_stack(to_c(&mut own[0]), own.len()) }, 0);
            call_at(Place::RustThread, works::of(mode), ptr::null_mut());
            assert_eq!(alternate_stack(), (own.len(), own.as_ptr().addr()));
            assert_eq!(tests::no_signal_stack(), 0);
        });
    }

    fn prepare_thread_gives_an_alternate_stack_to_a_thread_that_called_back_before(mode) {
        on_c_thread(&mut || {
            call_at(Place::RustThread, works::of(mode), ptr::null_mut());
            assert_eq!(alternate_stack(), (0, 0));
            install();
            assert!(alternate_stack().0 > 0, "the installing thread has none");
        });
        on_c_thread(&mut || {
            prepare_thread();
            assert!(alternate_stack().0 > 0, "`prepare_thread` does not give one");
        });
    }

    #[cfg(target_os = "linux")]
    fn second_call_after_a_failed_one_fails_as_well(mode) {
        if is_emulated("has no filters for system calls") {
            return;
        }
        handle_faults(2);
        // SAFETY: the filter allows everything that the process needs.
        assert_eq!(unsafe { c::c_forbid_handling(libc::SIGBUS) }, 0);
        let before = handler();
        for _ in 0..2 {
            let error = install_overflow_report().expect_err("forbidden");
            assert_eq!(error.raw_os_error(), Some(libc::EPERM));
            assert_eq!(handler(), before, "half of it stayed");
        }
        assert_eq!(call_at(Place::CThread, works::of(mode), ptr::null_mut()), 0);
    }
}

#[cfg(target_os = "linux")]
tests::alone! {
    fn given_alternate_stack_has_room_for_handlers_that_had_the_threads_stack() {
        // Slots of 32-bit targets have no more room for it.
        const BYTES: usize = if cfg!(target_pointer_width = "64") { 300 * KIB } else { 32 * KIB };
        static HANDLED: AtomicI32 = AtomicI32::new(0);
        extern "C" fn handler(_signal: c_int) {
            HANDLED.fetch_add(1 + use_stack(BYTES), Relaxed);
        }
        install();
        on_c_thread(&mut || {
            prepare_thread();
            // SAFETY: the handler does nothing that is not async-signal-safe.
            unsafe {
                let mut action: libc::sigaction = core::mem::zeroed();
                action.sa_sigaction = handler as extern "C" fn(c_int) as usize;
                action.sa_flags = libc::SA_ONSTACK;
                libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut());
                libc::raise(libc::SIGUSR1);
            }
            assert!(alternate_stack().0 > BYTES, "{:?}", alternate_stack());
        });
        assert_eq!(HANDLED.load(Relaxed), 1);
    }
}

/// System calls that are on the list of async-signal-safe functions, or write nothing but what they
/// return.
#[cfg(target_os = "linux")]
const SAFE: [&str; 7] = [
    "prctl(PR_GET_NAME",
    "gettid(",
    "rt_sigprocmask(",
    "write(2",
    "rt_sigaction(",
    "rt_sigreturn(",
    "getpid(",
];

#[cfg(target_os = "linux")]
#[test]
fn report_does_no_more_than_a_signal_handler_may() {
    let test = "report_does_no_more_than_a_signal_handler_may";
    if is_emulated("makes system calls of its own") {
        return;
    }
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let list = std::env::temp_dir().join(format!("overflow-{}.strace", std::process::id()));
    let traced = |command: &mut std::process::Command| {
        let program = command.get_program().to_owned();
        *command = std::process::Command::new("strace");
        command.args(["-f", "-o"]).arg(&list).arg("--").arg(program);
    };
    let death = run_child(test, test, traced, || {
        handle_faults(0);
        install();
        call_at(Place::CThread, overflows::of(Mode::Always), ptr::null_mut());
    });
    let Some(death) = death else { return };
    assert_eq!(report(&death).len(), 1, "{}", death.transcript());
    let calls = std::fs::read_to_string(&list).expect("strace wrote it");
    std::fs::remove_file(&list).expect("ours");
    let fault = calls.lines().position(|line| line.contains("--- SIGSEGV")).expect("the fault");
    let thread =
        calls.lines().nth(fault).and_then(|line| line.split(' ').next()).expect("its number");
    let after = calls
        .lines()
        .skip(fault)
        .filter(|line| line.split(' ').next() == Some(thread) && line.contains('('));
    for call in after.filter(|line| !line.contains("--- SIGSEGV") && !line.contains("+++")) {
        assert!(SAFE.iter().any(|safe| call.contains(safe)), "{call}\n{calls}");
    }
}

callback! { "C" fn writes_below_its_stack(arg) {
    // SAFETY: the test passes a number; writing there ends the process.
    unsafe {
        c::c_write_to(StackBounds::current().expect("a system stack").low() - *arg.cast::<usize>())
    };
    0
} }

callback! { "C" fn writes_from_the_end_of_its_stack(arg) {
    let low = StackBounds::current().expect("a system stack").low();
    let f = writes_below_its_stack::of(Mode::Plain);
    // As a frame of C does that is compiled without stack probes.
    // SAFETY: the test passes a number.
    unsafe { c::c_call_with_left(64 * KIB, low, f, arg) }
} }

#[test]
fn unprobed_frame_of_a_mib_hits_the_guard_area() {
    let test = "unprobed_frame_of_a_mib_hits_the_guard_area";
    for bytes in [8, 64 * KIB, 512 * KIB, tests::GUARD_BYTES - 8] {
        let death = run_child(
            test,
            &format!("{test} {bytes}"),
            |_| (),
            || {
                // Another stack in use, which the write must not reach.
                std::thread::spawn(|| {
                    call_at(Place::RustThread, works::of(Mode::Always), ptr::null_mut())
                })
                .join()
                .expect("its end");
                install();
                call_at(
                    Place::CThread,
                    writes_from_the_end_of_its_stack::of(Mode::Always),
                    to_c(&mut { bytes }),
                );
            },
        );
        let Some(death) = death else { continue };
        let is_fault = matches!(death.signal, Some(libc::SIGSEGV | libc::SIGBUS));
        assert!(is_fault, "{bytes}: {}", death.transcript());
        assert_eq!(report(&death).len(), 1, "{bytes}: {}", death.transcript());
    }
}
