//! libuv makes a thread of 128 KiB, whose loop calls a timer; and its pool calls work.

use core::ffi::{c_int, c_uint, c_void};
use std::alloc::{Layout, alloc_zeroed, dealloc};

use guarded_callback::guarded_callback;
use library_examples::{MUSL_THREAD_BYTES, is_plain};

/// `uv_thread_options_t` of uv.h.
#[repr(C)]
struct ThreadOptions {
    flags: c_uint,
    stack_bytes: usize,
}

const HAS_STACK_SIZE: c_uint = 1;
/// Places in `uv_handle_type` and `uv_req_type` of uv.h.
const TIMER: c_int = 13;
const WORK: c_int = 7;

type Callback = unsafe extern "C" fn(*mut c_void);
type AfterWork = unsafe extern "C" fn(*mut c_void, c_int);

// uv.h, of libuv1-dev.
unsafe extern "C" {
    fn uv_thread_create_ex(
        thread: *mut usize,
        options: *const ThreadOptions,
        entry: Callback,
        user: *mut c_void,
    ) -> c_int;
    fn uv_thread_join(thread: *mut usize) -> c_int;
    fn uv_loop_size() -> usize;
    fn uv_handle_size(kind: c_int) -> usize;
    fn uv_req_size(kind: c_int) -> usize;
    fn uv_loop_init(uv_loop: *mut c_void) -> c_int;
    fn uv_loop_close(uv_loop: *mut c_void) -> c_int;
    fn uv_run(uv_loop: *mut c_void, mode: c_uint) -> c_int;
    fn uv_timer_init(uv_loop: *mut c_void, timer: *mut c_void) -> c_int;
    fn uv_timer_start(timer: *mut c_void, call: Callback, timeout: u64, repeat: u64) -> c_int;
    fn uv_close(handle: *mut c_void, closed: Option<Callback>);
    fn uv_queue_work(
        uv_loop: *mut c_void,
        work: *mut c_void,
        call: Callback,
        after: AfterWork,
    ) -> c_int;
    fn uv_handle_set_data(handle: *mut c_void, user: *mut c_void);
    fn uv_handle_get_data(handle: *const c_void) -> *mut c_void;
    fn uv_req_set_data(request: *mut c_void, user: *mut c_void);
    fn uv_req_get_data(request: *const c_void) -> *mut c_void;
}

const WORK_BYTES: usize = 256 * 1024;

#[derive(Default)]
struct App {
    ticks: usize,
    worked: usize,
}

/// Memory for one of libuv's structures, whose sizes only libuv knows.
struct Structure(*mut c_void, Layout);

impl Structure {
    fn of(bytes: usize) -> Self {
        let layout = Layout::from_size_align(bytes, 16).expect("libuv's structures are small");
        // SAFETY: no structure of libuv is empty.
        Self(unsafe { alloc_zeroed(layout) }.cast(), layout)
    }
}

impl Drop for Structure {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and libuv is done with it.
        unsafe { dealloc(self.0.cast(), self.1) };
    }
}

/// Work that needs 256 KiB of stack.
#[inline(always)]
fn work(seed: usize) -> usize {
    let mut numbers = [0_u8; WORK_BYTES];
    numbers[seed] = 1;
    core::hint::black_box(&numbers).iter().filter(|&&number| number == 1).count()
}

/// The timer as it would be written without the attribute.
///
/// # Safety
/// libuv calls it with a timer whose data is an [`App`].
unsafe extern "C" fn on_tick_plain(timer: *mut c_void) {
    // SAFETY: passed on.
    unsafe { on_tick(timer) }
}

/// The same timer with the attribute.
///
/// # Safety
/// As [`on_tick_plain`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn on_tick_guarded(timer: *mut c_void) {
    // SAFETY: passed on.
    unsafe { on_tick(timer) }
}

/// # Safety
/// As [`on_tick_plain`].
#[inline(always)]
unsafe fn on_tick(timer: *mut c_void) {
    // SAFETY: see above; the loop's thread alone touches the ticks.
    unsafe {
        let app = uv_handle_get_data(timer).cast::<App>();
        (*app).ticks += work((*app).ticks);
        if (*app).ticks == 5 {
            uv_close(timer, None);
        }
    }
}

/// # Safety
/// libuv calls it on a thread of its pool, with a request whose data is an [`App`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn on_work(request: *mut c_void) {
    // SAFETY: see above; nobody else touches the count until the work is done.
    unsafe { (*uv_req_get_data(request).cast::<App>()).worked = work(1) };
}

/// # Safety
/// None.
unsafe extern "C" fn after_work(_request: *mut c_void, _status: c_int) {}

/// The thread that libuv makes: a loop of its own.
///
/// # Safety
/// `app` points to an [`App`] that nobody else touches until the thread has ended.
unsafe extern "C" fn thread(app: *mut c_void) {
    // SAFETY: the structures live until the loop has run out of work and is closed.
    unsafe {
        let (uv_loop, timer) =
            (Structure::of(uv_loop_size()), Structure::of(uv_handle_size(TIMER)));
        let request = Structure::of(uv_req_size(WORK));
        assert_eq!(uv_loop_init(uv_loop.0), 0);
        assert_eq!(uv_timer_init(uv_loop.0, timer.0), 0);
        uv_handle_set_data(timer.0, app);
        uv_req_set_data(request.0, app);
        let on_tick: Callback = if is_plain() { on_tick_plain } else { on_tick_guarded };
        assert_eq!(uv_timer_start(timer.0, on_tick, 1, 1), 0);
        assert_eq!(uv_queue_work(uv_loop.0, request.0, on_work, after_work), 0);
        assert_eq!(uv_run(uv_loop.0, 0), 0);
        assert_eq!(uv_loop_close(uv_loop.0), 0);
    }
}

fn main() {
    let mut app = App::default();
    let mut id = 0;
    let options = ThreadOptions { flags: HAS_STACK_SIZE, stack_bytes: MUSL_THREAD_BYTES };
    // SAFETY: the options are read before the call returns, and `app` is not touched until the
    // thread is joined.
    unsafe {
        assert_eq!(
            uv_thread_create_ex(&raw mut id, &raw const options, thread, (&raw mut app).cast()),
            0
        );
        assert_eq!(uv_thread_join(&raw mut id), 0);
    }
    println!("libuv: {} ticks of a timer, {} work on the pool", app.ticks, app.worked);
}
