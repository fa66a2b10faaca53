//! SIGSEGV and SIGBUS on POSIX systems.

use core::cell::{Cell, UnsafeCell};
use core::mem::{MaybeUninit, zeroed};
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io;

use crate::stack::memory;

/// Room of an alternate signal stack: the frames of AVX-512 and AMX state, and an earlier handler that prints a backtrace.
const SIGNAL_STACK_BYTES: usize = 64 * 1024;

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// What was there before: written once, before the handler can run.
struct Earlier(UnsafeCell<MaybeUninit<libc::sigaction>>);

// SAFETY: written by `install` before it sets the handler, and only read after that.
unsafe impl Sync for Earlier {}

static EARLIER_SEGV: Earlier = Earlier(UnsafeCell::new(MaybeUninit::zeroed()));
static EARLIER_BUS: Earlier = Earlier(UnsafeCell::new(MaybeUninit::zeroed()));

thread_local! {
    /// The alternate stack that this runtime gave the thread: its lowest address, zero if none.
    static GIVEN: Cell<usize> = const { Cell::new(0) };
}

pub(crate) fn install() -> io::Result<()> {
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    for (signal, earlier) in [(libc::SIGSEGV, &EARLIER_SEGV), (libc::SIGBUS, &EARLIER_BUS)] {
        // SAFETY: the earlier action is stored before ours can need it; ours is a function of the kind that SA_SIGINFO announces.
        let failed = unsafe {
            libc::sigaction(signal, ptr::null(), earlier.0.get().cast());
            let mut action: libc::sigaction = zeroed();
            action.sa_sigaction = handle as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(signal, &raw const action, ptr::null_mut()) != 0
        };
        if failed {
            return Err(io::Error::last_os_error());
        }
    }
    cover_thread();
    Ok(())
}

/// Gives the calling thread an alternate signal stack, if the report is installed and the thread has none.
pub(crate) fn cover_thread() {
    if !INSTALLED.load(Ordering::Relaxed) || GIVEN.get() != 0 {
        return;
    }
    let guard = memory::page_bytes();
    // SAFETY: asks only; `current` is plain data.
    let has_one = unsafe {
        let mut current: libc::stack_t = zeroed();
        libc::sigaltstack(ptr::null(), &raw mut current) != 0 || current.ss_flags & libc::SS_DISABLE == 0
    };
    if has_one {
        return;
    }
    let Ok(base) = memory::map(SIGNAL_STACK_BYTES + guard, guard) else { return };
    // SAFETY: the memory was just mapped and stays until `uncover_thread` takes it from the thread.
    unsafe {
        let mut given: libc::stack_t = zeroed();
        given.ss_sp = (base + guard) as *mut libc::c_void;
        given.ss_size = SIGNAL_STACK_BYTES;
        libc::sigaltstack(&raw const given, ptr::null_mut());
    }
    GIVEN.set(base);
}

/// Takes back what `cover_thread` gave, when the thread ends.
pub(crate) fn uncover_thread() {
    let base = GIVEN.replace(0);
    if base == 0 {
        return;
    }
    let guard = memory::page_bytes();
    // SAFETY: only our own stack is taken away; where somebody has set another one since, that one stays.
    unsafe {
        let mut current: libc::stack_t = zeroed();
        libc::sigaltstack(ptr::null(), &raw mut current);
        if current.ss_sp as usize == base + guard {
            let mut none: libc::stack_t = zeroed();
            none.ss_flags = libc::SS_DISABLE;
            none.ss_size = SIGNAL_STACK_BYTES;
            libc::sigaltstack(&raw const none, ptr::null_mut());
        }
    }
    memory::unmap(base, SIGNAL_STACK_BYTES + guard);
}

/// The handler: a word about overflows of our stacks, and on to whoever was here before.
unsafe extern "C" fn handle(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let errno = crate::errno::get();
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo_t, which has an address for these signals.
    let address = unsafe { (*info).si_addr() } as usize;
    let mut name = [0_u8; 64];
    super::report(address, thread_name(&mut name), thread_id());
    crate::errno::set(errno);
    // SAFETY: passed on as the kernel gave it.
    unsafe { pass_on(signal, info, context) };
}

/// # Safety
/// The arguments are those of a signal handler.
unsafe fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let earlier = if signal == libc::SIGBUS { &EARLIER_BUS } else { &EARLIER_SEGV };
    // SAFETY: written before this handler was installed, never after.
    let earlier = unsafe { (*earlier.0.get()).assume_init() };
    match earlier.sa_sigaction {
        // Without a handler the fault happens again when this one returns, and is then deadly in the usual way.
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: puts back an action that the kernel gave out.
            unsafe { libc::sigaction(signal, &raw const earlier, ptr::null_mut()) };
        }
        function if earlier.sa_flags & libc::SA_SIGINFO != 0 => {
            type Handler = unsafe extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
            // SAFETY: SA_SIGINFO says that the function has this type.
            unsafe { core::mem::transmute::<usize, Handler>(function)(signal, info, context) };
        }
        function => {
            // SAFETY: without SA_SIGINFO a handler takes the signal's number.
            unsafe { core::mem::transmute::<usize, unsafe extern "C" fn(libc::c_int)>(function)(signal) };
        }
    }
}

/// The name of the calling thread, as the kernel knows it.
fn thread_name(buffer: &mut [u8; 64]) -> &str {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: PR_GET_NAME writes at most 16 bytes, the last of them zero.
    unsafe {
        libc::prctl(libc::PR_GET_NAME, buffer.as_mut_ptr());
    }
    let end = buffer.iter().position(|&byte| byte == 0).unwrap_or(0);
    core::str::from_utf8(&buffer[..end]).unwrap_or("?")
}

fn thread_id() -> u64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: no preconditions.
    return u64::try_from(unsafe { libc::syscall(libc::SYS_gettid) }).unwrap_or(0);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    // SAFETY: no preconditions.
    return u64::try_from(unsafe { libc::getpid() }).unwrap_or(0);
}
