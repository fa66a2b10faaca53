//! SIGSEGV and SIGBUS on POSIX systems.

mod alternate;
mod context;
mod thread_name;

use core::mem::zeroed;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::io;

pub(crate) use self::alternate::uncover_thread;

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// The action that was there before ours, as far as the handler needs it. Our own action has its mask.
struct Earlier {
    signal: libc::c_int,
    handler: AtomicUsize,
    flags: AtomicI32,
}

static EARLIER_SEGV: Earlier = Earlier::of(libc::SIGSEGV);
static EARLIER_BUS: Earlier = Earlier::of(libc::SIGBUS);

/// Installs the handler once. Without a lock, which a fork could copy: two threads that are here at the same time do the
/// same, and the kernel's exchange of actions tells what was there before.
pub(crate) fn install() -> io::Result<()> {
    if !INSTALLED.load(Ordering::Acquire) {
        EARLIER_SEGV.replace()?;
        EARLIER_BUS.replace().inspect_err(|_| EARLIER_SEGV.put_back())?;
        INSTALLED.store(true, Ordering::Release);
    }
    Ok(())
}

/// Puts the earlier handlers back where ours is still the one in use: its code is about to be unmapped.
pub(crate) fn uninstall() {
    if INSTALLED.swap(false, Ordering::AcqRel) {
        EARLIER_SEGV.put_back();
        EARLIER_BUS.put_back();
    }
}

/// Gives the calling thread an alternate signal stack, if the report is installed and the thread has none.
/// It lies in the slot of the thread's first stack.
pub(crate) fn cover_thread(first: &crate::stack::Header) {
    if INSTALLED.load(Ordering::Relaxed) {
        alternate::give(first);
    }
}

impl Earlier {
    const fn of(signal: libc::c_int) -> Self {
        Self { signal, handler: AtomicUsize::new(libc::SIG_DFL), flags: AtomicI32::new(0) }
    }

    /// Sets our action, with the mask of the one that was there and what it says of nested signals, for its sake.
    fn replace(&self) -> io::Result<()> {
        let seen = exchange(self.signal, None)?;
        if is_ours(&seen) {
            return Ok(());
        }
        // Before ours can need it, and once more afterwards in case that somebody has set another one in between.
        self.remember(&seen);
        let mut ours = seen;
        ours.sa_sigaction = handle as *const () as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | (seen.sa_flags & libc::SA_NODEFER);
        let replaced = exchange(self.signal, Some(&ours))?;
        if !is_ours(&replaced) {
            self.remember(&replaced);
        }
        Ok(())
    }

    fn remember(&self, action: &libc::sigaction) {
        self.flags.store(action.sa_flags, Ordering::Relaxed);
        self.handler.store(action.sa_sigaction, Ordering::Release);
    }

    /// Sets the earlier action, unless somebody has replaced ours by then. Async-signal-safe.
    fn put_back(&self) {
        if let Ok(mut action) = exchange(self.signal, None)
            && is_ours(&action)
        {
            action.sa_sigaction = self.handler.load(Ordering::Acquire);
            action.sa_flags = self.flags.load(Ordering::Relaxed);
            // It was accepted before, so it is again.
            let _ = exchange(self.signal, Some(&action));
        }
    }

    /// Does what would have happened without us.
    ///
    /// # Safety
    /// The arguments are those of a handler of this signal.
    unsafe fn pass_on(&self, is_fault: bool, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        let handler = self.handler.load(Ordering::Acquire);
        let flags = self.flags.load(Ordering::Relaxed);
        match handler {
            libc::SIG_IGN if !is_fault => {}
            // The fault happens again when this returns, and is then deadly in the usual way, also where it was ignored.
            libc::SIG_DFL | libc::SIG_IGN => {
                self.put_back();
                if !is_fault {
                    // SAFETY: no preconditions; the signal that somebody has sent is delivered when this returns.
                    unsafe { libc::raise(self.signal) };
                }
            }
            // SAFETY: passed on.
            _ => unsafe { self.call(handler, flags, info, context) },
        }
    }

    /// # Safety
    /// As for `pass_on`; `handler` and `flags` are those of the earlier action, which names a function.
    unsafe fn call(&self, handler: usize, flags: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        type WithInfo = unsafe extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
        type Plain = unsafe extern "C" fn(libc::c_int);
        if flags & libc::SA_RESETHAND != 0 {
            // The next one is deadly, and is not reported again.
            self.handler.store(libc::SIG_DFL, Ordering::Release);
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
    action.sa_sigaction == handle as *const () as usize
}

/// Sets an action, if one is given, and returns the one that was there.
fn exchange(signal: libc::c_int, action: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    // SAFETY: a valid action or none, and room for another, which is plain data.
    unsafe {
        let mut before: libc::sigaction = zeroed();
        match libc::sigaction(signal, action.map_or(ptr::null(), ptr::from_ref), &raw mut before) {
            0 => Ok(before),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The handler: a word about overflows of our stacks, and on to whoever was here before.
unsafe extern "C" fn handle(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo_t and a valid context.
    let (code, sp) = unsafe { ((*info).si_code, context::interrupted_sp(context)) };
    // The kernel's own codes are small numbers; those of signals that somebody has sent are zero, negative, or large.
    let is_fault = (1..=0x80).contains(&code);
    if is_fault {
        let errno = crate::errno::get();
        // SAFETY: the siginfo_t of a fault has an address.
        let address = unsafe { (*info).si_addr() } as usize;
        let mut name = [0_u8; 64];
        super::report(address, sp, thread_name::of_this_thread(&mut name), crate::thread::id::current());
        crate::errno::set(errno);
    }
    let earlier = if signal == libc::SIGBUS { &EARLIER_BUS } else { &EARLIER_SEGV };
    // SAFETY: passed on as the kernel gave it.
    unsafe { earlier.pass_on(is_fault, info, context) };
}
