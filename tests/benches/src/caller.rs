//! The loops in C, and the stacks that they run on.

use core::ffi::c_void;
use core::mem::MaybeUninit;

use corosensei::stack::{Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult, Yielder};

use benches::{Function, Shape};

use crate::counter;
use crate::object::Object;

/// The stack that the C loop runs on, and so calls back from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// The thread's own, with room.
    Thread,
    /// That of a thread, too small for the reserve.
    Low,
    /// The same memory as the stack of a coroutine, of which nobody knows.
    Unknown,
    /// The same, registered among 1,000 stacks.
    Registered,
    /// A system stack of the runtime: C was called by a body.
    System,
    /// The thread's own, while 1,000 coroutines are suspended in bodies.
    Suspended,
    /// The thread's own, after a longjmp over a body.
    Jumped,
}

/// A stack that is too small for a reserve of 128 KiB.
const SMALL_BYTES: usize =
    if libc::PTHREAD_STACK_MIN > 64 * 1024 { libc::PTHREAD_STACK_MIN } else { 64 * 1024 };

/// Above all system stacks, as stacks of other programs are: at 8 TiB, for which Valgrind has room
/// as well. In qemu the highest free place is above them.
struct SmallStack(*mut c_void);

impl SmallStack {
    fn new() -> Option<Self> {
        let high = if counter::is_plugin() { 0 } else { 0x0800_0000_0000_u64 };
        let high = core::ptr::without_provenance_mut(high as usize);
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: fresh memory; the address is a hint.
        let base = unsafe { libc::mmap(high, SMALL_BYTES, protection, flags, -1, 0) };
        (base != libc::MAP_FAILED).then_some(Self(base))
    }

    /// Runs `run` on a thread with this stack.
    fn on_thread<R, F: FnOnce() -> R>(self, run: F) -> R {
        extern "C" fn start<R, F: FnOnce() -> R>(work: *mut c_void) -> *mut c_void {
            // SAFETY: `on_thread` passes this, and waits.
            let (run, result) = unsafe { &mut *work.cast::<(Option<F>, Option<R>)>() };
            *result = run.take().map(|run| run());
            core::ptr::null_mut()
        }
        let mut work = (Some(run), None::<R>);
        let (mut attributes, mut thread) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: the memory is the thread's alone until it has ended, and so is `work`.
        let wrong = unsafe {
            libc::pthread_attr_init(attributes.as_mut_ptr())
                + pthread_attr_setstack(attributes.as_mut_ptr(), self.0, SMALL_BYTES)
                + libc::pthread_create(
                    thread.as_mut_ptr(),
                    attributes.as_ptr(),
                    start::<R, F>,
                    (&raw mut work).cast(),
                )
        };
        assert_eq!(wrong, 0, "no thread could be made");
        // SAFETY: it was made, and nobody else waits for it.
        unsafe { libc::pthread_join(thread.assume_init(), core::ptr::null_mut()) };
        work.1.expect("the thread has run it")
    }
}

impl Drop for SmallStack {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`, and nothing runs there any more.
        unsafe { libc::munmap(self.0, SMALL_BYTES) };
    }
}

// SAFETY: the memory is readable and writable for as long as this lives. The frames of the
// benchmark need much less than there is.
unsafe impl Stack for SmallStack {
    fn base(&self) -> StackPointer {
        StackPointer::new(self.0.addr() + SMALL_BYTES).expect("not zero")
    }

    fn limit(&self) -> StackPointer {
        StackPointer::new(self.0.addr()).expect("not zero")
    }
}

unsafe extern "C" {
    fn bench_value(function: Function, count: u64) -> u64;
    fn bench_reading(function: Function, count: u64) -> u64;
    fn bench_eight(function: Function, count: u64) -> u64;
    fn bench_sort(function: Function, count: u64) -> u64;
    fn prepare_sort();
    /// Missing in libc for Apple's systems.
    fn pthread_attr_setstack(
        attributes: *mut libc::pthread_attr_t,
        low: *mut c_void,
        bytes: usize,
    ) -> libc::c_int;
}

/// Calls `function`, of the given shape, `count` times (sorts `count` numbers with it) and returns
/// the nanoseconds that took.
pub(crate) fn time(
    shape: Shape,
    host: Host,
    object: Object,
    function: Function,
    count: u64,
) -> f64 {
    on_host(host, object, || {
        // The first callback of a thread takes the slow path, and the next ones meet a processor
        // that has not seen this code for a while.
        if shape != Shape::Sort {
            call(shape, function, count / 2);
        }
        prepare(shape);
        // A sort takes longer than a turn of the scheduler, so there only the thread's own time
        // counts.
        let clock = if shape == Shape::Sort {
            libc::CLOCK_THREAD_CPUTIME_ID
        } else {
            libc::CLOCK_MONOTONIC
        };
        let start = nanoseconds(clock);
        call(shape, function, count);
        nanoseconds(clock) - start
    })
}

/// The same for who counts instructions.
pub(crate) fn count(shape: Shape, host: Host, object: Object, function: Function, count: u64) {
    on_host(host, object, || {
        // The first callback of a thread takes the slow path.
        call(shape, function, 1);
        counter::zero();
        call(shape, function, count);
        counter::dump();
    });
}

fn on_host<R>(host: Host, object: Object, run: impl FnOnce() -> R) -> R {
    match host {
        Host::Thread => run(),
        Host::Low => SmallStack::new().expect("memory for a small stack").on_thread(run),
        Host::Unknown => {
            corosensei::on_stack(SmallStack::new().expect("memory for a small stack"), run)
        }
        Host::Registered => {
            let stack = SmallStack::new().expect("memory for a small stack");
            let range = stack.0.addr()..stack.0.addr() + SMALL_BYTES;
            corosensei::on_stack(stack, || object.on_registered_stack(range, run))
        }
        Host::System => object.on_system_stack(run),
        Host::Suspended => while_suspended(1_000, object, run),
        Host::Jumped => {
            object.jump_over_body();
            run()
        }
    }
}

/// Calls `run` while so many coroutines are suspended in bodies.
fn while_suspended<R>(count: usize, object: Object, run: impl FnOnce() -> R) -> R {
    let mut coroutines: Vec<_> = (0..count)
        .map(|_| {
            let stack = SmallStack::new().expect("memory for a small stack");
            Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
                object.on_system_stack(|| yielder.suspend(()));
            })
        })
        .collect();
    let resume = |all: &mut Vec<_>| {
        for coroutine in all {
            let _: CoroutineResult<(), ()> = Coroutine::resume(coroutine, ());
        }
    };
    resume(&mut coroutines);
    let result = run();
    resume(&mut coroutines);
    result
}

fn nanoseconds(clock: libc::clockid_t) -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` can be written. Both clocks are there on every Linux, and the result without
    // one is zero.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn prepare(shape: Shape) {
    if shape == Shape::Sort {
        // SAFETY: fills an array that only this thread uses.
        unsafe { prepare_sort() };
    }
}

fn call(shape: Shape, function: Function, count: u64) {
    // SAFETY: the function has the signature of the shape, and the loops have no other needs.
    unsafe {
        match shape {
            Shape::Tiny | Shape::Short => bench_value(function, count),
            Shape::Reading => bench_reading(function, count),
            Shape::Eight => bench_eight(function, count),
            Shape::Sort => bench_sort(function, count),
        }
    };
}
