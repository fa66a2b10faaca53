//! The first callback of a thread allocates nothing, so that it may come from inside of an
//! allocator: malloc is counted here, and calls back from its hook.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use guarded_callback::StackBounds;
use tests::{CCallback, Mode, alone, c, callback, in_both_modes};

unsafe extern "C" {
    fn __libc_malloc(bytes: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, bytes: usize) -> *mut c_void;
    fn __libc_realloc(memory: *mut c_void, bytes: usize) -> *mut c_void;
}

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// What the next allocation of the thread calls.
    static HOOK: Cell<Option<extern "C" fn(*mut c_void) -> i32>> = const { Cell::new(None) };
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
    static ALLOCATIONS_IN_HOOK: Cell<usize> = const { Cell::new(0) };
}

/// What each allocation begins with.
fn count() {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    if IN_HOOK.get() {
        ALLOCATIONS_IN_HOOK.set(ALLOCATIONS_IN_HOOK.get() + 1);
    } else if let Some(hook) = HOOK.take() {
        IN_HOOK.set(true);
        hook(ptr::null_mut());
        IN_HOOK.set(false);
    }
}

#[unsafe(no_mangle)]
extern "C" fn malloc(bytes: usize) -> *mut c_void {
    count();
    // SAFETY: any size may be asked for.
    unsafe { __libc_malloc(bytes) }
}

#[unsafe(no_mangle)]
extern "C" fn calloc(elements: usize, bytes: usize) -> *mut c_void {
    count();
    // SAFETY: any size may be asked for.
    unsafe { __libc_calloc(elements, bytes) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(memory: *mut c_void, bytes: usize) -> *mut c_void {
    count();
    // SAFETY: the caller passes what one of these three returned, or null.
    unsafe { __libc_realloc(memory, bytes) }
}

/// Whether mapping memory calls back, as the hooks of an allocation profiler do under LD_PRELOAD.
static MAPPING_CALLS_BACK: AtomicBool = AtomicBool::new(false);
static MAPPINGS: AtomicUsize = AtomicUsize::new(0);

#[unsafe(no_mangle)]
unsafe extern "C" fn mmap(
    at: *mut c_void,
    bytes: usize,
    protection: i32,
    flags: i32,
    file: i32,
    offset: libc::off_t,
) -> *mut c_void {
    if MAPPING_CALLS_BACK.load(Relaxed) {
        MAPPINGS.fetch_add(1, Relaxed);
        does_nothing::always(ptr::null_mut());
    }
    // 32-bit systems have a call of another name, and s390x takes the address of its arguments.
    #[cfg(target_arch = "s390x")]
    // SAFETY: the caller's promise.
    let base = unsafe {
        let (protection, flags, file) = (protection as usize, flags as usize, file as usize);
        let arguments = [at.addr(), bytes, protection, flags, file, offset as usize];
        libc::syscall(libc::SYS_mmap, &raw const arguments)
    };
    #[cfg(all(target_pointer_width = "64", not(target_arch = "s390x")))]
    // SAFETY: as above.
    let base = unsafe { libc::syscall(libc::SYS_mmap, at, bytes, protection, flags, file, offset) };
    #[cfg(target_pointer_width = "32")]
    // SAFETY: as above.
    let base = unsafe {
        libc::syscall(libc::SYS_mmap2, at, bytes, protection, flags, file, offset / 4096)
    };
    ptr::with_exposed_provenance_mut(base as usize)
}

/// What the standard library calls.
#[cfg(target_pointer_width = "64")]
#[unsafe(no_mangle)]
unsafe extern "C" fn mmap64(
    at: *mut c_void,
    bytes: usize,
    protection: i32,
    flags: i32,
    file: i32,
    offset: libc::off_t,
) -> *mut c_void {
    // SAFETY: passed on.
    unsafe { mmap(at, bytes, protection, flags, file, offset) }
}

fn allocations(of: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    of();
    ALLOCATIONS.get() - before
}

callback! { "C" fn does_nothing(_arg) { 0 } }

callback! { "C" fn finds_bounds(_arg) {
    let find = || assert!(StackBounds::of_thread().is_some());
    i32::try_from(allocations(find)).expect("few")
} }

callback! { "C" fn calls_back(arg) {
    // SAFETY: the test passes a mode.
    let f = does_nothing::of(unsafe { *tests::from_c::<Mode>(arg) });
    // SAFETY: the body does not use its argument.
    let call = || assert_eq!(unsafe { c::c_call(f, ptr::null_mut()) }, 0);
    i32::try_from(allocations(call)).expect("few")
} }

callback! { "C" fn is_called_back_by_malloc(arg) {
    // SAFETY: the test passes a mode.
    let always = unsafe { *tests::from_c::<Mode>(arg) } == Mode::Always;
    HOOK.set(Some(if always { does_nothing::always } else { does_nothing::when_low }));
    drop(core::hint::black_box(Box::new(1)));
    assert!(HOOK.get().is_none());
    i32::try_from(ALLOCATIONS_IN_HOOK.get()).expect("few")
} }

/// The plain function on a fresh thread of C.
fn on_a_thread(f: CCallback, mode: &mut Mode) -> i32 {
    // SAFETY: the bodies take the mode, which outlives the call.
    unsafe { c::c_call_on_thread(0, f, tests::to_c(mode)) }
}

in_both_modes! {
    fn callback_from_a_hook_of_mmap_ends(mode) {
        MAPPING_CALLS_BACK.store(true, Relaxed);
        // First callbacks, each with a stack to be mapped: all threads live at the same time.
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(move || {
            // SAFETY: the body does not use its argument.
            let result = unsafe { c::c_call(does_nothing::of(mode), ptr::null_mut()) };
            std::thread::park();
            result
        })).collect();
        for thread in threads {
            thread.thread().unpark();
            assert_eq!(thread.join().expect("its end"), 0);
        }
        MAPPING_CALLS_BACK.store(false, Relaxed);
        assert!(MAPPINGS.load(Relaxed) > 0, "nothing was mapped through the hook");
    }
}

alone! {
    fn bounds_of_a_thread_are_found_without_an_allocation() {
        for _ in 0..2 {
            assert_eq!(on_a_thread(finds_bounds::of(Mode::Plain), &mut Mode::Plain), 0);
        }
        // A stack that begins at no page.
        let mut memory = vec![0_u8; 512 * 1024];
        let (base, f) = (memory[24..].as_mut_ptr().cast(), finds_bounds::of(Mode::Plain));
        // SAFETY: the memory is nobody else's; the body does not use its argument.
        let result =
            unsafe { c::c_call_on_thread_with(base, 300_000, usize::MAX, f, ptr::null_mut()) };
        assert_eq!(result, 0);
    }
}

in_both_modes! {
    fn first_callback_of_a_thread_allocates_nothing(mode) {
        for _ in 0..2 {
            assert_eq!(on_a_thread(calls_back::of(Mode::Plain), &mut mode.clone()), 0);
        }
    }

    fn first_callback_of_a_thread_can_be_made_by_the_hook_of_its_allocator(mode) {
        for _ in 0..2 {
            assert_eq!(
                on_a_thread(is_called_back_by_malloc::of(Mode::Plain), &mut mode.clone()),
                0
            );
        }
    }
}
