//! GLib's main loop calls an idle source and a timer, on a thread as small as musl's.

use core::ffi::{c_int, c_uint, c_void};
use core::ptr;

use guarded_callback::guarded_callback;
use library_examples::{is_plain, on_small_thread};

type SourceFunction = unsafe extern "C" fn(user: *mut c_void) -> c_int;

// glib.h, of libglib2.0-dev.
unsafe extern "C" {
    fn g_main_context_new() -> *mut c_void;
    fn g_main_context_unref(context: *mut c_void);
    fn g_main_loop_new(context: *mut c_void, is_running: c_int) -> *mut c_void;
    fn g_main_loop_run(main_loop: *mut c_void);
    fn g_main_loop_quit(main_loop: *mut c_void);
    fn g_main_loop_unref(main_loop: *mut c_void);
    fn g_timeout_source_new(milliseconds: c_uint) -> *mut c_void;
    fn g_idle_source_new() -> *mut c_void;
    fn g_source_set_callback(
        source: *mut c_void,
        call: SourceFunction,
        user: *mut c_void,
        destroy: *mut c_void,
    );
    fn g_source_attach(source: *mut c_void, context: *mut c_void) -> c_uint;
    fn g_source_unref(source: *mut c_void);
}

const GO_ON: c_int = 1;
const STOP: c_int = 0;
const WORK_BYTES: usize = 256 * 1024;

struct App {
    main_loop: *mut c_void,
    idle: usize,
    ticks: usize,
}

/// Work that needs 256 KiB of stack.
#[inline(always)]
fn work(seed: usize) -> usize {
    let mut numbers = [0_u8; WORK_BYTES];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = (index ^ seed) as u8;
    }
    core::hint::black_box(&numbers).iter().filter(|&&number| number == 0).count().min(1)
}

/// The idle source as it would be written without the attribute.
///
/// # Safety
/// `user` points to an [`App`].
unsafe extern "C" fn on_idle_plain(user: *mut c_void) -> c_int {
    // SAFETY: see above.
    unsafe { on_idle(&mut *user.cast()) }
}

/// The same source with the attribute.
///
/// # Safety
/// As [`on_idle_plain`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn on_idle_guarded(user: *mut c_void) -> c_int {
    // SAFETY: see above.
    unsafe { on_idle(&mut *user.cast()) }
}

#[inline(always)]
fn on_idle(app: &mut App) -> c_int {
    app.idle += work(app.idle);
    if app.idle == 100 { STOP } else { GO_ON }
}

/// # Safety
/// As [`on_idle_plain`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn on_tick(user: *mut c_void) -> c_int {
    // SAFETY: see above; the loop is alive while it runs.
    unsafe {
        let app = &mut *user.cast::<App>();
        app.ticks += work(app.ticks);
        if app.ticks < 5 || app.idle < 100 {
            return GO_ON;
        }
        g_main_loop_quit(app.main_loop);
    }
    STOP
}

fn run() -> (usize, usize) {
    // SAFETY: every object is GLib's, used by this thread alone and released once; the app outlives
    // the loop.
    unsafe {
        let context = g_main_context_new();
        let mut app = App { main_loop: g_main_loop_new(context, 0), idle: 0, ticks: 0 };
        let user = (&raw mut app).cast();
        let on_idle: SourceFunction = if is_plain() { on_idle_plain } else { on_idle_guarded };
        for (source, call) in
            [(g_idle_source_new(), on_idle), (g_timeout_source_new(20), on_tick as SourceFunction)]
        {
            g_source_set_callback(source, call, user, ptr::null_mut());
            g_source_attach(source, context);
            g_source_unref(source);
        }
        g_main_loop_run(app.main_loop);
        g_main_loop_unref(app.main_loop);
        g_main_context_unref(context);
        (app.idle, app.ticks.min(5))
    }
}

fn main() {
    let (idle, ticks) = on_small_thread(run);
    println!("glib: {idle} idle calls and {ticks} or more ticks of a timer");
}
