//! SIGSEGV and SIGBUS on POSIX systems.

mod context;
mod entry;

use core::mem::zeroed;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::*};
use std::io;

use libc::{c_int, c_void, siginfo_t};

use crate::stack::{Header, memory};
use crate::thread::signal_stack::{self, Setting};

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// The action that was there before ours, as far as the handler needs it. Our own action has its
/// mask. Other copies of the runtime in the process read and write this too: see [`entry`].
#[repr(C)]
struct Earlier {
    handler: AtomicUsize,
    flags: AtomicI32,
    signal: c_int,
}

static EARLIER: [Earlier; 2] = [Earlier::of(libc::SIGSEGV), Earlier::of(libc::SIGBUS)];

/// How many handlers of other copies are followed, should they form a circle.
const MOST_COPIES: usize = 1000;

/// Installs the handler once. Without a lock, which a fork could copy: two threads that are here at
/// the same time do the same, and the kernel's exchange of actions tells what was there before.
pub(crate) fn install() -> io::Result<()> {
    if !INSTALLED.load(Acquire) {
        let [segv, bus] = &EARLIER;
        segv.replace()?;
        bus.replace().inspect_err(|_| _ = segv.put_back())?;
        INSTALLED.store(true, Release);
    }
    Ok(())
}

/// Takes our handler out of the chain of handlers: its code is about to be unmapped.
pub(crate) fn uninstall() {
    if INSTALLED.swap(false, AcqRel) {
        EARLIER.iter().enumerate().for_each(|(index, earlier)| earlier.unlink(index));
    }
}

/// Gives the calling thread an alternate signal stack in the slot of its first stack, if the report
/// is installed and the thread has none: a handler cannot run on the stack that has overflowed.
/// Without memory the thread stays without one. Handlers that ran on the thread's stack before run
/// on this one as well, so it is a large one.
pub(crate) fn cover_thread(first: &Header) {
    if !INSTALLED.load(Relaxed)
        || !first.has_signal_stacks()
        || signal_stack::current().range().is_some()
    {
        return;
    }
    let range = first.report_area();
    // SAFETY: whole pages of a slot that the calling thread has.
    if unsafe { memory::open(range.start, range.end - range.start) }.is_ok() {
        first.has_report_stack.store(true, Relaxed);
        // SAFETY: the memory is there for as long as the thread is, also when the library is
        // closed.
        unsafe { Setting::new(&range).set() };
    }
}

/// Takes back what was given, when the thread ends or the library is closed; where another stack
/// was set since, that one stays.
pub(crate) fn uncover_thread(first: &Header) {
    if !first.has_report_stack.load(Relaxed) {
        return;
    }
    let start = first.report_area().start;
    let is_ours = signal_stack::current().range().is_some_and(|range| range.start == start);
    // SAFETY: names no memory. Refused while SP is on the stack: a handler ends the thread, or
    // closes the library.
    let stays = is_ours && !unsafe { Setting::none().set() };
    first.has_report_stack.store(stays, Relaxed);
}

impl Earlier {
    const fn of(signal: c_int) -> Self {
        Self { handler: AtomicUsize::new(libc::SIG_DFL), flags: AtomicI32::new(0), signal }
    }

    /// Sets our action, with the mask of the one that was there and what it says of nested signals
    /// and of system calls, for its sake: an ignored signal interrupts none.
    fn replace(&self) -> io::Result<()> {
        let seen = exchange(self.signal, None)?;
        if is_ours(&seen) {
            return Ok(());
        }
        // Before ours can need it, and again afterwards in case somebody has set another in
        // between.
        self.remember(seen.sa_sigaction, seen.sa_flags);
        let mut ours = seen;
        ours.sa_sigaction = entry::address();
        let is_ignored = seen.sa_sigaction == libc::SIG_IGN;
        let seen = if is_ignored { libc::SA_RESTART } else { seen.sa_flags };
        ours.sa_flags = seen & (libc::SA_NODEFER | libc::SA_RESTART);
        ours.sa_flags |= libc::SA_SIGINFO | libc::SA_ONSTACK;
        let replaced = exchange(self.signal, Some(&ours))?;
        if !is_ours(&replaced) {
            self.remember(replaced.sa_sigaction, replaced.sa_flags);
        }
        Ok(())
    }

    fn remember(&self, handler: usize, flags: c_int) {
        self.flags.store(flags, Relaxed);
        self.handler.store(handler, Release);
    }

    /// Sets the earlier action. False when ours is not in force, or is no more. Async-signal-safe.
    fn put_back(&self) -> bool {
        let Ok(mut action) = exchange(self.signal, None) else { return false };
        if !is_ours(&action) {
            return false;
        }
        action.sa_sigaction = self.handler.load(Acquire);
        action.sa_flags = self.flags.load(Relaxed);
        exchange(self.signal, Some(&action)).is_ok()
    }

    /// Sets the earlier action. Where other copies of the runtime have installed theirs since, the
    /// one that would call ours gets it as its earlier one.
    fn unlink(&self, index: usize) {
        if self.put_back() {
            return;
        }
        let mut handler = exchange(self.signal, None).map_or(0, |action| action.sa_sigaction);
        for _ in 0..MOST_COPIES {
            let Some(copy) = entry::table_of(handler) else { return };
            handler = copy[index].handler.load(Acquire);
            if handler == entry::address() {
                return copy[index].remember(self.handler.load(Acquire), self.flags.load(Relaxed));
            }
        }
    }

    /// Does what would have happened without us.
    ///
    /// # Safety
    /// The arguments are those of a handler of this signal.
    unsafe fn pass_on(&self, is_fault: bool, info: *mut siginfo_t, context: *mut c_void) {
        let handler = self.handler.load(Acquire);
        match handler {
            libc::SIG_IGN if !is_fault => {}
            // The fault happens again when this returns, and is then deadly in the usual way, also
            // where it was ignored, or where another handler has been set since and passes it on.
            libc::SIG_DFL | libc::SIG_IGN => {
                // SAFETY: zeros are the default action.
                let _ = exchange(self.signal, Some(&unsafe { zeroed() }));
                if !is_fault {
                    // SAFETY: no preconditions; a signal that was sent is delivered when this
                    // returns.
                    unsafe { libc::raise(self.signal) };
                }
            }
            // SAFETY: the caller's promise; the handler is neither of the two values above.
            _ => unsafe { self.call(handler, info, context) },
        }
    }

    /// # Safety
    /// As for `pass_on`; `handler` is the earlier action's function.
    unsafe fn call(&self, handler: usize, info: *mut siginfo_t, context: *mut c_void) {
        type WithInfo = unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
        type Plain = unsafe extern "C" fn(c_int);
        let flags = self.flags.load(Relaxed);
        if flags & libc::SA_RESETHAND != 0 {
            // The next one is deadly, and is not reported again.
            self.handler.store(libc::SIG_DFL, Release);
            self.put_back();
        }
        if flags & libc::SA_SIGINFO != 0 {
            // SAFETY: SA_SIGINFO says that the function has this type.
            unsafe { core::mem::transmute::<usize, WithInfo>(handler)(self.signal, info, context) };
        } else {
            // SAFETY: without SA_SIGINFO a handler takes the signal's number.
            unsafe { core::mem::transmute::<usize, Plain>(handler)(self.signal) };
        }
    }
}

fn is_ours(action: &libc::sigaction) -> bool {
    action.sa_sigaction == entry::address()
}

/// Sets an action, if one is given, and returns the one that was there.
fn exchange(signal: c_int, action: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    // SAFETY: a valid action or none, and room for another, which is plain data.
    unsafe {
        let mut before: libc::sigaction = zeroed();
        match libc::sigaction(signal, action.map_or(ptr::null(), ptr::from_ref), &raw mut before) {
            0 => Ok(before),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Reports an overflow, and goes on to the handler that was there before.
///
/// # Safety
/// The arguments are those of a handler of SIGSEGV or SIGBUS with SA_SIGINFO.
unsafe extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo_t and a valid context.
    let (code, sp) = unsafe { ((*info).si_code, context::interrupted_sp(context)) };
    // The kernel's own codes are small numbers; those of signals that were sent are zero, negative,
    // or large.
    let is_fault = (1..=0x80).contains(&code);
    if is_fault {
        let errno = crate::errno::get();
        // SAFETY: the siginfo_t of a fault has an address.
        let address = unsafe { (*info).si_addr() }.addr();
        super::report(address, sp, thread_name(&mut [0; 64]));
        crate::errno::set(errno);
    }
    let earlier = &EARLIER[usize::from(signal == libc::SIGBUS)];
    // SAFETY: the kernel's arguments.
    unsafe { earlier.pass_on(is_fault, info, context) };
}

/// The calling thread's name. Empty on other systems than Linux, whose C libraries lock the list of
/// threads for it.
fn thread_name(buffer: &mut [u8; 64]) -> &str {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: PR_GET_NAME writes at most 16 bytes, the last of them zero.
    unsafe {
        libc::prctl(libc::PR_GET_NAME, buffer.as_mut_ptr());
    }
    let name =
        core::ffi::CStr::from_bytes_until_nul(buffer).map_or(&b"?"[..], |name| name.to_bytes());
    // The kernel may have cut it within a character.
    name.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}
