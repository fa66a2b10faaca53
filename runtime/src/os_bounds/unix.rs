//! Unix but for Linux: the system tells of every thread.

use super::limit;
use super::rules::Reported;
use crate::bounds::StackBounds;
use crate::stack::memory::page_bytes;
use crate::switch::OsStack;

pub(crate) fn thread_stack(
    _sp: usize,
    _os_stack: &OsStack,
    may_call_libc: bool,
) -> Option<StackBounds> {
    let (reported, is_main) = report(may_call_libc)?;
    reported.of(is_main, limit::stack_limit(), page_bytes())
}

/// What the system says of the calling thread's stack, and whether that is the main thread's.
///
/// The size of the main thread has had several meanings. 10.9 tells 512 KiB where there are 8 MiB
/// (os_bsd_x86.cpp of OpenJDK works around it): too little switches early, which harms nobody.
/// Later systems tell the limit that they saw when they were first asked
/// (pthread_get_stacksize_np in Apple's libpthread), so the smaller of that and the limit of the
/// moment is taken. OpenJDK has seen limits that are no multiple of a page told as they are.
///
/// Rust's std makes the lowest page of the main stack a guard in programs whose `main` is Rust's
/// (`install_main_guard_default` in std/src/sys/pal/unix/stack_overflow.rs).
#[cfg(target_vendor = "apple")]
fn report(_may_call_libc: bool) -> Option<(Reported, bool)> {
    // SAFETY: about the calling thread, which exists; no other preconditions.
    let (high, bytes, is_main) = unsafe {
        let this = libc::pthread_self();
        // The address is the high end.
        let high = libc::pthread_get_stackaddr_np(this).addr();
        (high, libc::pthread_get_stacksize_np(this), libc::pthread_main_np() == 1)
    };
    let guard_bytes = if is_main { page_bytes() } else { 0 };
    Some((Reported::below(high, bytes).without(guard_bytes), is_main))
}

/// As above. The kernel never lets a stack that grows have its lowest pages (vm_map_growstack in
/// sys/vm/vm_map.c). They lie inside of what is told for the main thread. The stacks of other
/// threads grow as well (thr_stack.c of libthr maps them with MAP_STACK), and there these pages may
/// come on top of the guard that libthr keeps below its stacks (OpenJDK's port has met that), so
/// they are taken off too.
#[cfg(any(target_os = "freebsd", target_os = "dragonfly"))]
fn report(may_call_libc: bool) -> Option<(Reported, bool)> {
    // pthread_attr_init of libthr allocates.
    let (reported, _) =
        may_call_libc.then(|| super::attributes::ask(libc::pthread_attr_get_np))??;
    let mut pages: libc::c_int = 0;
    let mut bytes = size_of::<libc::c_int>();
    let (name, pages_at) = (c"security.bsd.stack_guard_page", (&raw mut pages).cast());
    let nothing = core::ptr::null_mut();
    // SAFETY: the name is a C string, `pages` has room for `bytes`, and nothing is set.
    let is_known =
        unsafe { libc::sysctlbyname(name.as_ptr(), pages_at, &raw mut bytes, nothing, 0) } == 0;
    let pages = super::rules::kernel_guard_pages(is_known.then_some(pages));
    // SAFETY: no preconditions.
    let is_main = unsafe { libc::pthread_main_np() } == 1;
    Some((reported.without(pages.checked_mul(page_bytes())?), is_main))
}

/// As above. Guard areas lie below what is told. The main thread's size is the limit at the time
/// when libpthread was initialised (pthread__initmainstack in lib/libpthread/pthread.c), below
/// AT_STACKBASE.
#[cfg(target_os = "netbsd")]
fn report(may_call_libc: bool) -> Option<(Reported, bool)> {
    // pthread_getattr_np allocates the private part of the attributes.
    let (reported, _) =
        may_call_libc.then(|| super::attributes::ask(libc::pthread_getattr_np))??;
    // SAFETY: no preconditions. The first of a process's threads has the number 1.
    Some((reported, unsafe { libc::_lwp_self() } == 1))
}

/// As above. `ss_sp` is the top, unlike in sigaltstack, and guards lie below the size that is told.
///
/// OpenBSD tells the top of the main thread as the address of the ps_strings ("a rough estimation",
/// says rthread_np.c), which lie some bytes below the true end, so that the limit counted from
/// there reaches into the page below the stack. Hence one page less.
///
/// On illumos and Solaris (find_stack in usr/src/lib/libc/port/threads/thr.c) the size is zero for
/// a main thread without a limit.
#[cfg(any(target_os = "openbsd", target_os = "illumos", target_os = "solaris"))]
fn report(_may_call_libc: bool) -> Option<(Reported, bool)> {
    // In the libc of both systems (thr_stksegment(3C), thr_main(3C)), and not in the crate of that
    // name. Not stack_getbounds(3C): called on the alternate signal stack it tells the bounds of
    // that.
    #[cfg(not(target_os = "openbsd"))]
    unsafe extern "C" {
        fn thr_stksegment(stack: *mut libc::stack_t) -> libc::c_int;
        safe fn thr_main() -> libc::c_int;
    }
    let mut stack = core::mem::MaybeUninit::<libc::stack_t>::uninit();
    // SAFETY: about the calling thread; `stack` is valid for writes and read only after success.
    let (stack, is_main) = unsafe {
        #[cfg(target_os = "openbsd")]
        let (error, is_main) = (
            libc::pthread_stackseg_np(libc::pthread_self(), stack.as_mut_ptr()),
            libc::pthread_main_np(),
        );
        #[cfg(not(target_os = "openbsd"))]
        let (error, is_main) = (thr_stksegment(stack.as_mut_ptr()), thr_main());
        if error != 0 {
            return None;
        }
        (stack.assume_init(), is_main == 1)
    };
    let unusable = if is_main && cfg!(target_os = "openbsd") { page_bytes() } else { 0 };
    Some((Reported::below(stack.ss_sp.addr(), stack.ss_size).without(unusable), is_main))
}
