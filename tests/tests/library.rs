//! A shared object with a copy of the runtime of its own (tests/plugin): opened, called on many
//! threads, closed.
// musl never unloads, and its static executables cannot open.
#![cfg(any(windows, all(target_os = "linux", target_env = "gnu")))]

#[cfg_attr(target_os = "linux", path = "library/linux.rs")]
#[cfg_attr(windows, path = "library/windows.rs")]
mod loader;

use core::ffi::{CStr, c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::path::{Path, PathBuf};

use guarded_callback::{on_system_stack, stats};
use tests::{
    CCallback, Mode, c, callback, in_both_modes, is_emulated, maps, resident_bytes, rounds, to_c,
    use_stack,
};

const KIB: usize = 1024;

/// An open plugin.
struct Plugin(*mut c_void);

/// As in the plugin.
#[repr(C)]
struct Below {
    f: CCallback,
    arg: *mut c_void,
}

impl Plugin {
    /// Cargo builds the shared object beside the tests, as the plugin is one of their dependencies.
    fn path() -> PathBuf {
        std::env::current_exe().expect("the path of this test").with_file_name(loader::FILE_NAME)
    }

    fn open() -> Self {
        Self::open_at(&Self::path())
    }

    fn open_at(path: &Path) -> Self {
        Self(loader::open(path))
    }

    /// Really unmaps it: no part of its code is mapped any more.
    fn close(self) {
        let code = self.symbol(c"plugin_always").0.addr();
        // SAFETY: open, and nothing of the plugin runs or is called any more.
        unsafe { loader::close(self.0) };
        assert!(!loader::is_mapped(code), "the plugin is still there");
    }

    fn symbol(&self, name: &CStr) -> CCallback {
        // SAFETY: the handle is open.
        CCallback(unsafe { loader::symbol(self.0, name) })
    }

    fn callback(&self, mode: Mode) -> CCallback {
        self.symbol(if mode == Mode::Always { c"plugin_always" } else { c"plugin_when_low" })
    }

    /// The stacks that its runtime has mapped.
    fn stacks(&self) -> usize {
        // SAFETY: the plugin defines it so.
        let stacks = unsafe {
            core::mem::transmute::<*const c_void, extern "C" fn() -> usize>(
                self.symbol(c"plugin_stacks").0,
            )
        };
        stacks()
    }
}

fn on_thread(f: CCallback, arg: *mut c_void) -> c_int {
    // SAFETY: the callers pass what the body expects.
    unsafe { c::c_call_on_thread(64 * KIB, f, arg) }
}

callback! { "C" fn works(_arg) { c_int::from(!on_system_stack()) + use_stack(100 * KIB) } }

callback! { "C" fn calls_below(arg) {
    let canary = tests::Canary::new(6);
    // SAFETY: the test passes it.
    let below = unsafe { &*arg.cast::<Below>() };
    // SAFETY: the function gets the argument that it expects.
    let result = unsafe { c::c_call(below.f, below.arg) };
    result + c_int::from(!canary.is_intact() || !on_system_stack())
} }

/// Runs `step` for a warm-up and `count` times more, and expects maps and memory not to grow.
fn flat(count: usize, step: impl Fn()) {
    // Until as many threads were there at a time as ever are: the C library keeps their stacks.
    (0..(count / 10).max(10)).for_each(|_| step());
    let (maps_before, bytes_before) = (maps(), resident_bytes());
    (0..count).for_each(|_| step());
    println!("maps {maps_before} -> {}, resident {bytes_before} -> {}", maps(), resident_bytes());
    if cfg!(any(target_arch = "arm", target_arch = "riscv64")) {
        println!("not compared: nothing tells there that a library is closed, so its stacks stay");
        return;
    }
    assert!(maps() <= maps_before + 16, "maps {maps_before} -> {}", maps());
    if !is_emulated("keeps what it has translated of each library") {
        assert!(
            resident_bytes() < bytes_before + 1024 * KIB,
            "resident {bytes_before} -> {}",
            resident_bytes()
        );
    }
}

/// How many libraries with a runtime of their own a process opens at a time.
const LIBRARIES: usize = 40;

static OPEN: AtomicUsize = AtomicUsize::new(0);
static CLOSED: AtomicUsize = AtomicUsize::new(0);

callback! { "C" fn stays_after_the_end_of_the_plugin(arg) {
    // SAFETY: the argument is the plugin's callback, which accepts null.
    let result = unsafe { c::c_call(CCallback(arg), ptr::null_mut()) };
    OPEN.fetch_add(1, Relaxed);
    while CLOSED.load(Relaxed) == 0 {
        std::thread::yield_now();
    }
    result
} }

#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "for a test of Linux"))]
struct Deep {
    bytes: usize,
    below: Below,
}

callback! { "C" fn goes_deep(arg) {
    // SAFETY: the test passes it.
    let Deep { bytes, below } = unsafe { &*arg.cast::<Deep>() };
    // SAFETY: the function gets the argument that it expects.
    unsafe { c::c_call_with_frame(*bytes, below.f, below.arg) }
} }

callback! { "C" fn jumps_over_both(_arg) {
    // SAFETY: no frame between has anything to drop.
    unsafe { c::c_jump() }
} }

callback! { "C" fn is_jumped_to(arg) {
    // SAFETY: the test passes it.
    let below = unsafe { &*arg.cast::<Below>() };
    // SAFETY: the function gets the argument that it expects.
    unsafe { c::c_call_jumped(1024, below.f, below.arg) - 1 }
} }

/// Callbacks of two runtimes, called by handlers of which the second interrupts the first one's.
#[cfg(target_os = "linux")]
struct Nested {
    callbacks: [CCallback; 2],
    /// How many handlers have run.
    signals: usize,
    /// Where the second one's body jumps to: out of both, or back into the first one's.
    jumps_back: bool,
}

#[cfg(target_os = "linux")]
callback! { "C" fn calls_the_next_of_two(arg) {
    // SAFETY: the test passes it.
    let nested = unsafe { &mut *arg.cast::<Nested>() };
    let is_second = nested.signals % 2 == 1;
    nested.signals += 1;
    let f = if is_second { jumps::of(Mode::Plain) } else { is_interrupted::of(Mode::Plain) };
    let mut below = Below { f, arg };
    // SAFETY: both expect it.
    unsafe { c::c_call(nested.callbacks[usize::from(is_second)], to_c(&mut below)) }
} }

#[cfg(target_os = "linux")]
callback! { "C" fn is_interrupted(arg) {
    // SAFETY: the test passes it.
    let jumps_back = unsafe { (*arg.cast::<Nested>()).jumps_back };
    // SAFETY: a handler for the signal is there.
    let jumped = unsafe { c::c_call_jumped(1024, raises_another::of(Mode::Plain), arg) };
    c_int::from(!jumps_back || jumped != 1)
} }

#[cfg(target_os = "linux")]
callback! { "C" fn raises_another(_arg) {
    // SAFETY: a handler for it is there; the thread does not block it.
    unsafe { libc::raise(libc::SIGUSR2) }
} }

#[cfg(target_os = "linux")]
callback! { "C" fn raises_one(_arg) {
    // SAFETY: as above.
    unsafe { libc::raise(libc::SIGUSR1) }
} }

#[cfg(target_os = "linux")]
callback! { "C" fn jumps(arg) {
    // SAFETY: the test passes it, and both targets are set; no frame between has anything to drop.
    unsafe {
        if (*arg.cast::<Nested>()).jumps_back { c::c_jump() } else { c::c_jump_out_of_handler() }
    }
} }

#[cfg(target_os = "linux")]
callback! { "C" fn jumps_out_of_nested_handlers(arg) {
    const BYTES: usize = 64 * KIB;
    let signal_stack_now = || {
        let mut low = 0;
        // SAFETY: can be written.
        (unsafe { c::c_signal_stack_now(&raw mut low) }, low)
    };
    // SAFETY: the test passes the argument; the handlers are C functions, and none of them runs
    // when the stack is given back.
    unsafe {
        let base = c::c_signal_stack(BYTES, 0);
        let own = signal_stack_now();
        c::c_plan(calls_the_next_of_two::of(Mode::Plain), arg);
        c::c_handle_by_jumping(libc::SIGUSR1, libc::SA_ONSTACK);
        c::c_handle(libc::SIGUSR2, libc::SA_ONSTACK);
        let mut wrong = 0;
        for round in 0..40 {
            (*arg.cast::<Nested>()).jumps_back = round % 2 == 0;
            let jumped = c::c_call_jumped_by_handler(raises_one::of(Mode::Plain), ptr::null_mut());
            wrong += jumped - 1;
            let callbacks = (*arg.cast::<Nested>()).callbacks;
            for which in [round / 2 % 2, 1 - round / 2 % 2] {
                let mut below = Below { f: works::of(Mode::Always), arg: ptr::null_mut() };
                wrong += c::c_call(callbacks[which], to_c(&mut below));
            }
            wrong += c_int::from(signal_stack_now() != own);
        }
        c::c_no_signal_stack(base, BYTES, c_int::from(tests::is_unmapping_untold()));
        wrong
    }
} }

/// What the C compiler makes of these arguments, in the folder of the tests.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn compiled<S: AsRef<std::ffi::OsStr>>(
    name: &str,
    arguments: impl IntoIterator<Item = S>,
) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let status = std::process::Command::new("gcc").args(arguments).arg("-o").arg(&file).status();
    assert!(status.expect("a C compiler, as for the tests").success());
    file
}

/// Compiles a program of C, and runs it with the plugin.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn runs_with_the_plugin(name: &str, options: &[&str]) {
    let source = format!("{}/c/{name}.c", env!("CARGO_MANIFEST_DIR"));
    let arguments = options.iter().copied().chain([&*source, "-pthread", "-ldl"]);
    let program = compiled(&format!("{name}{}", options.len()), arguments);
    let ended = std::process::Command::new(program).arg(Plugin::path()).status();
    let ended = ended.expect("it was just compiled");
    assert!(ended.success(), "the program {ended}");
}

/// There the address of dlclose that the program knows is not the one that the loader calls.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn thread_ends_well_after_a_program_at_a_fixed_address_has_closed_the_library() {
    runs_with_the_plugin("fixed_address", &["-no-pie", "-fno-pie"]);
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn library_in_a_namespace_of_its_own_leaves_the_keys_of_the_program_alone() {
    runs_with_the_plugin("namespace", &[]);
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn body_runs_code_on_its_stack_where_the_program_does() {
    runs_with_the_plugin("trampoline", &["-z", "execstack"]);
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn body_has_a_stack_where_memory_cannot_be_made_executable() {
    runs_with_the_plugin("no_new_code", &["-z", "execstack"]);
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn body_runs_code_on_its_stack_where_a_library_of_the_program_does() {
    let arguments = ["-shared", "-z", "execstack", "-x", "c", "/dev/null"];
    let library = compiled("libtrampoline.so", arguments);
    let library = library.to_str().expect("a folder with a name in UTF-8");
    let options = ["-z", "noexecstack", "-Wl,--no-as-needed", library];
    runs_with_the_plugin("trampoline", &options);
}

/// A shared object that the C linker makes of the plugin's static library, and that exports all of
/// it.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn linked_by_c(mode: Mode, number: usize) -> PathBuf {
    let exported = "-Wl,-u,plugin_always,-u,plugin_when_low,-u,plugin_stacks";
    let archive = Plugin::path().with_file_name("libplugin.a");
    let archive = archive.to_str().expect("a folder with a name in UTF-8");
    let arguments = ["-shared", exported, archive, "-pthread", "-ldl", "-lm"];
    compiled(&format!("linked_by_c_{mode:?}_{number}.so"), arguments)
}

in_both_modes! {
    fn thread_that_called_into_a_closed_library_ends_well(mode) {
        for round in 1..=20 {
            OPEN.store(0, Relaxed);
            CLOSED.store(0, Relaxed);
            let plugin = Plugin::open();
            let f = plugin.callback(mode);
            let callers = std::thread::spawn(move || {
                let f = f;
                // SAFETY: the body expects the plugin's callback.
                unsafe {
                    c::c_call_on_threads(
                        16,
                        64 * KIB,
                        stays_after_the_end_of_the_plugin::of(Mode::Plain),
                        f.0.cast_mut(),
                        0,
                    )
                }
            });
            while OPEN.load(Relaxed) < 16 {
                std::thread::yield_now();
            }
            plugin.close();
            CLOSED.store(1, Relaxed);
            assert_eq!(callers.join().expect("no crash"), 0, "round {round}");
        }
    }

    fn opening_and_closing_a_library_leaves_nothing_mapped(mode) {
        // The threads end before the library is closed, so that every stack of it is in its pool.
        let step = || {
            let plugin = Plugin::open();
            // SAFETY: the plugin's callback accepts null.
            let result = unsafe {
                c::c_call_on_threads(8, 64 * KIB, plugin.callback(mode), ptr::null_mut(), 0)
            };
            assert_eq!(result, 0);
            assert!(plugin.stacks() > 0);
            plugin.close();
        };
        flat(rounds(500), step);
    }

    /// A module of iconv(3).
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn library_that_the_c_library_closes_by_itself_leaves_nothing_mapped(_mode) {
        let folder = std::env::temp_dir().join(format!("modules_{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::copy(Plugin::path(), folder.join("PLUGIN.so")).expect("a copy");
        let list = "module PLUGIN// INTERNAL PLUGIN 1\n";
        std::fs::write(folder.join("gconv-modules"), list).expect("a list");
        // SAFETY: the only thread that looks at the environment.
        unsafe { std::env::set_var("GCONV_PATH", &folder) };
        let open_and_close = |to: &CStr, from: &CStr| {
            // SAFETY: the names are C strings, and the handle is closed once.
            unsafe {
                let handle = libc::iconv_open(to.as_ptr(), from.as_ptr());
                (handle.addr() != usize::MAX).then(|| libc::iconv_close(handle)).is_some()
            }
        };
        // A module is closed when others have been closed after it a few times.
        let others = [c"KOI8-R", c"KOI8-U", c"ISO-8859-5", c"ISO-8859-7", c"CP1251"];
        flat(rounds(100), || {
            assert!(open_and_close(c"UTF-8", c"PLUGIN"), "glibc has no such modules");
            let twice = others.iter().chain(&others);
            twice.for_each(|other| _ = open_and_close(c"UTF-16", other));
        });
        let _ = std::fs::remove_dir_all(&folder);
    }

    fn closing_a_library_while_its_threads_live_leaves_nothing_mapped(mode) {
        // Four workers that live longer than each library call into each of them.
        let (calls, results): (Vec<_>, Vec<_>) = (0..4).map(|_| {
            let (call, calls) = std::sync::mpsc::channel::<CCallback>();
            let (result, results) = std::sync::mpsc::channel();
            std::thread::spawn(move || for f in calls {
                // 32 KiB are too little for the bodies; the thread has more, below a frame of C.
                let low = guarded_callback::StackBounds::of_thread().expect("known").low();
                // SAFETY: the plugin's callback accepts null.
                result
                    .send(unsafe { c::c_call_with_left(32 * KIB, low, f, ptr::null_mut()) })
                    .expect("the test waits");
            });
            (call, results)
        }).unzip();
        flat(rounds(200), || {
            let plugin = Plugin::open();
            calls
                .iter()
                .for_each(|call| call.send(plugin.callback(mode)).expect("the worker lives"));
            results.iter().for_each(|result| assert_eq!(result.recv(), Ok(0)));
            assert_eq!(plugin.stacks(), 4);
            plugin.close();
        });
    }

    fn two_runtimes_leave_each_other_alone(mode) {
        // Bodies of the executable call bodies of the library, and the other way round, to a depth
        // of four.
        let plugin = Plugin::open();
        let theirs = plugin.callback(mode);
        for _ in 0..200 {
            let mut last = Below { f: works::of(mode), arg: ptr::null_mut() };
            let mut third = Below { f: theirs, arg: to_c(&mut last) };
            let mut second = Below { f: calls_below::of(mode), arg: to_c(&mut third) };
            assert_eq!(on_thread(theirs, to_c(&mut second)), 0, "the library first");
            let mut first = Below { f: theirs, arg: to_c(&mut second) };
            assert_eq!(
                on_thread(calls_below::of(mode), to_c(&mut first)),
                0,
                "the executable first"
            );
        }
        let stats = stats();
        assert!(stats.stacks_mapped <= 4 && plugin.stacks() <= 4, "{stats:?}, {}", plugin.stacks());
        assert_eq!(stats.stacks_mapped - stats.stacks_unmapped, stats.stacks_pooled, "{stats:?}");
        plugin.close();
    }

    #[cfg(target_os = "linux")]
    fn alternate_stack_is_back_after_jumps_out_of_handlers_of_two_runtimes(mode) {
        let plugin = Plugin::open();
        let [own, theirs] = [calls_below::of(mode), plugin.callback(mode)];
        for callbacks in [[own, theirs], [theirs, own]] {
            let mut nested = Nested { callbacks, signals: 0, jumps_back: false };
            let f = jumps_out_of_nested_handlers::of(Mode::Plain);
            assert_eq!(on_thread(f, to_c(&mut nested)), 0);
        }
        plugin.close();
    }

    // Elsewhere the system tells nothing of memory that may be anybody's.
    #[cfg(target_os = "linux")]
    fn threads_that_jump_over_bodies_of_two_runtimes_leave_few_stacks(mode) {
        let plugin = Plugin::open();
        for round in 0..10 {
            // The second body is called from a lesser depth of the first one's stack each time.
            let mut last = Below { f: jumps_over_both::of(Mode::Plain), arg: ptr::null_mut() };
            let mut second = Deep {
                bytes: (10 - round) * 5 * KIB,
                below: Below { f: plugin.callback(mode), arg: to_c(&mut last) },
            };
            let mut first = Below { f: goes_deep::of(mode), arg: to_c(&mut second) };
            assert_eq!(on_thread(is_jumped_to::of(Mode::Plain), to_c(&mut first)), 0);
        }
        assert!(plugin.stacks() <= 3, "{} stacks", plugin.stacks());
        plugin.close();
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn libraries_that_take_the_runtime_from_each_other_are_closed_in_any_order(mode) {
        const COPIES: usize = 3;
        let low = guarded_callback::StackBounds::of_thread().expect("known").low();
        let copies = core::array::from_fn::<_, COPIES, _>(|number| linked_by_c(mode, number));
        for round in 0..20 {
            let mut open = copies.each_ref().map(|path| {
                Some(Plugin(loader::open_with(path, libc::RTLD_GLOBAL)))
            });
            for at in (0..COPIES).map(|at| (round + at) % COPIES) {
                for plugin in open.iter().flatten() {
                    let f = plugin.callback(mode);
                    let mut below = Below { f, arg: ptr::null_mut() };
                    assert_eq!(on_thread(f, to_c(&mut below)), 0);
                    // SAFETY: the body calls a callback that accepts null.
                    let here = unsafe { c::c_call_with_left(64 * KIB, low, f, to_c(&mut below)) };
                    assert_eq!(here, 0);
                }
                // Not `close`: it may stay.
                let handle = open[at].take().expect("open").0;
                // SAFETY: open, and nothing of it runs.
                unsafe { loader::close(handle) };
            }
        }
    }

    fn forty_libraries_are_open_at_a_time(mode) {
        let folder = std::env::temp_dir().join(format!("guarded-callback-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        // Half of them have 4 KiB of thread-locals of their own.
        let plugins: Vec<_> = (0..LIBRARIES)
            .map(|number| {
                let copy = folder.join(format!("{number}{}", loader::FILE_NAME));
                let name = if number % 2 == 0 { loader::FILE_NAME } else { loader::WITH_LOCALS };
                std::fs::copy(Plugin::path().with_file_name(name), &copy).expect("a copy");
                Plugin::open_at(&copy)
            })
            .collect();
        for plugin in &plugins {
            assert_eq!(on_thread(plugin.callback(mode), ptr::null_mut()), 0);
        }
        plugins.into_iter().for_each(Plugin::close);
        // Windows keeps what is open.
        std::fs::remove_dir_all(&folder).expect("the folder");
    }

    fn libraries_are_opened_again_in_any_order(mode) {
        let folder =
            std::env::temp_dir().join(format!("guarded-callback-again-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let copies: Vec<_> = (0..10).map(|number| {
            let copy = folder.join(format!("{number}{}", loader::FILE_NAME));
            let name = if number % 2 == 0 { loader::FILE_NAME } else { loader::WITH_LOCALS };
            std::fs::copy(Plugin::path().with_file_name(name), &copy).expect("a copy");
            copy
        }).collect();
        let mut open: Vec<Plugin> = copies.iter().map(|copy| Plugin::open_at(copy)).collect();
        for round in 0..rounds(300) {
            let which = round.wrapping_mul(7919) / 3 % open.len();
            // Called by a thread that stays and by one that ends.
            let low = guarded_callback::StackBounds::of_thread().expect("known").low();
            // SAFETY: the plugin's callback accepts null.
            let here = unsafe {
                c::c_call_with_left(32 * KIB, low, open[which].callback(mode), ptr::null_mut())
            };
            assert_eq!(
                (here, on_thread(open[which].callback(mode), ptr::null_mut())),
                (0, 0),
                "round {round}"
            );
            let closed = open.swap_remove(which);
            // SAFETY: nothing of the plugin runs or is called any more.
            unsafe { loader::close(closed.0) };
            let other = Plugin::open_at(&copies[round * 3 % copies.len()]);
            assert_eq!(on_thread(other.callback(mode), ptr::null_mut()), 0, "round {round}");
            open.push(other);
        }
        // Each is open once at least, or more often: the last one is unmapped.
        for plugin in open {
            // SAFETY: nothing of the plugin runs or is called any more.
            unsafe { loader::close(plugin.0) };
        }
        std::fs::remove_dir_all(&folder).expect("the folder");
    }

    fn destructor_of_a_library_calls_back(mode) {
        // The library's own destructor calls one of its callbacks, before and after its runtime has
        // given back what it holds. The thread that closes it ends afterwards.
        let step = || {
            let closer = std::thread::spawn(move || {
                let plugin = Plugin::open();
                assert_eq!(on_thread(plugin.callback(mode), ptr::null_mut()), 0);
                let at_end = plugin.symbol(c"plugin_calls_at_its_end");
                // SAFETY: the plugin defines it so.
                let at_end = unsafe {
                    core::mem::transmute::<*const c_void, extern "C" fn(*mut AtomicUsize)>(at_end.0)
                };
                let good = AtomicUsize::new(0);
                at_end((&raw const good).cast_mut());
                plugin.close();
                assert_eq!(good.load(Relaxed), 2);
            });
            closer.join().expect("no crash");
        };
        flat(rounds(200), step);
    }
}

#[cfg(target_os = "linux")]
tests::callback! { "C" fn calls_and_ends_slowly(arg) {
    // SAFETY: the test passes the address of a callback that accepts null.
    let result = unsafe { c::c_call(CCallback(arg), ptr::null_mut()) };
    // SAFETY: a filter for this thread, which ends.
    result + unsafe { c::c_slow_down_masks() }
} }

#[cfg(target_os = "linux")]
in_both_modes! {
    fn closing_a_library_waits_for_a_thread_that_ends(mode) {
        if is_emulated("has no filters of system calls") {
            return;
        }
        let plugin = Plugin::open();
        let f = plugin.callback(mode).0.expose_provenance();
        let thread = std::thread::spawn(move || {
            let f = ptr::with_exposed_provenance_mut(f);
            on_thread(calls_and_ends_slowly::of(Mode::Plain), f)
        });
        // SAFETY: only looks.
        while unsafe { c::c_masks_changed() } == 0 {
            std::thread::yield_now();
        }
        plugin.close();
        assert_eq!(thread.join().expect("no crash"), 0);
    }

    fn exit_in_a_coroutine_that_was_called_from_nowhere_ends_well(mode) {
        let plugin = Plugin::open();
        assert_eq!(on_thread(plugin.callback(mode), ptr::null_mut()), 0);
        let mut memory = vec![0_u128; 4 * KIB];
        // SAFETY: nothing else lies there; the process ends, with the library open.
        unsafe { c::c_exit_from_nowhere(memory.as_mut_ptr_range().end.cast()) }
    }
}

#[cfg(target_os = "linux")]
mod report {
    use super::*;

    extern "C" fn runs(arg: *mut c_void) -> c_int {
        // SAFETY: the test passes what runs on the thread.
        unsafe { (*arg.cast::<&mut dyn FnMut()>())() };
        0
    }

    /// Runs `body` on a thread that C makes, which has no alternate signal stack.
    fn on_c_thread(mut body: &mut dyn FnMut()) {
        assert_eq!(on_thread(CCallback(runs as *const c_void), to_c(&mut body)), 0);
    }

    /// Whether a copy of the runtime finds the handler of another one (diagnostics/overflow).
    const COPIES_KNOW_EACH_OTHER: bool =
        cfg!(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"));

    /// Faults on a thread that has its alternate signal stack from the plugin, which is closed by
    /// then.
    #[test]
    fn report_of_a_closed_plugin_leaves_the_earlier_handler_in_force() {
        use tests::run_child;

        let test = "report::report_of_a_closed_plugin_leaves_the_earlier_handler_in_force";
        let install = |plugin: &Plugin| {
            let install = plugin.symbol(c"plugin_installs_report");
            // SAFETY: the plugin defines it so.
            let install = unsafe {
                core::mem::transmute::<*const c_void, extern "C" fn() -> c_int>(install.0)
            };
            assert_eq!(install(), 0);
        };
        // SAFETY: it ends the process; that is the test.
        let fault = || unsafe { c::c_write_to(8) };
        for (closes_elsewhere, installs) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            if installs && !COPIES_KNOW_EACH_OTHER {
                println!("skipped: copies of the runtime do not know of each other here");
                continue;
            }
            let tag = format!("{test} {closes_elsewhere} {installs}");
            let death = run_child(
                test,
                &tag,
                |_| (),
                || {
                    // SAFETY: the handler, which ends the process with 41, is good at any time.
                    assert_eq!(unsafe { c::c_handle_faults(2) }, 0);
                    let plugin = Plugin::open();
                    install(&plugin);
                    if installs {
                        guarded_callback::install_overflow_report()
                            .expect("handlers can be installed");
                    }
                    if closes_elsewhere {
                        let called = std::sync::Barrier::new(2);
                        let f = plugin.callback(Mode::Always).0.addr();
                        std::thread::scope(|scope| {
                            scope.spawn(|| {
                                on_c_thread(&mut || {
                                    let f = CCallback(f as *const c_void);
                                    // SAFETY: null is accepted.
                                    let result = unsafe { c::c_call(f, ptr::null_mut()) };
                                    assert_eq!(result, 0);
                                    called.wait();
                                    called.wait();
                                    fault();
                                });
                            });
                            called.wait();
                            plugin.close();
                            called.wait();
                        });
                    } else {
                        plugin.close();
                        fault();
                    }
                },
            );
            let Some(death) = death else { continue };
            assert_eq!(death.code, Some(41), "{tag}: {}", death.transcript());
        }
    }
}
