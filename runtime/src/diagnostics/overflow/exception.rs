//! EXCEPTION_STACK_OVERFLOW on Windows.
//!
//! The handler runs on the stack that has overflowed, on what was kept for it: the guard area
//! (stack/memory/windows.rs).

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering::*};
use std::io;

use windows_sys::Win32::Foundation::{EXCEPTION_ACCESS_VIOLATION, EXCEPTION_STACK_OVERFLOW};
use windows_sys::Win32::System::Diagnostics::Debug::{
    AddVectoredExceptionHandler, CONTEXT, EXCEPTION_CONTINUE_SEARCH, EXCEPTION_POINTERS,
    EXCEPTION_RECORD, RemoveVectoredExceptionHandler,
};

use crate::stack::Header;

/// What the system calls our handler, null without one.
static INSTALLED: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

pub(crate) fn install() -> io::Result<()> {
    if !INSTALLED.load(Acquire).is_null() {
        return Ok(());
    }
    // The first of the handlers: who comes after us may end the process.
    // SAFETY: the handler is a function that stays until `uninstall`.
    let handler = unsafe { AddVectoredExceptionHandler(1, Some(handle)) };
    if handler.is_null() {
        return Err(io::Error::last_os_error());
    }
    if INSTALLED.compare_exchange(ptr::null_mut(), handler, AcqRel, Relaxed).is_err() {
        remove(handler);
    }
    Ok(())
}

/// Takes the handler away: its code is about to be unmapped.
pub(crate) fn uninstall() {
    remove(INSTALLED.swap(ptr::null_mut(), AcqRel));
}

fn remove(handler: *mut c_void) {
    if !handler.is_null() {
        // SAFETY: the system gave out this handler, and the caller is the only one who knows it.
        unsafe { RemoveVectoredExceptionHandler(handler) };
    }
}

/// Every thread can handle exceptions.
pub(crate) fn cover_thread(_first: &Header) {}

pub(crate) fn uncover_thread(_first: &Header) {}

/// Reports an overflow, and goes on to the other handlers.
unsafe extern "system" fn handle(pointers: *mut EXCEPTION_POINTERS) -> i32 {
    // SAFETY: the system passes valid pointers.
    let (record, context) = unsafe { (&*(*pointers).ExceptionRecord, &*(*pointers).ContextRecord) };
    if let Some(address) = touched(record) {
        let error = crate::errno::get();
        // Threads have a description rather than a name, and asking for it allocates.
        super::report(address, Some(stack_pointer(context)), "?");
        crate::errno::set(error);
    }
    EXCEPTION_CONTINUE_SEARCH
}

/// The address that a stack could not give. Code that steps over all guard pages ends in the page
/// below them: an access violation.
fn touched(record: &EXCEPTION_RECORD) -> Option<usize> {
    let is_one =
        matches!(record.ExceptionCode, EXCEPTION_STACK_OVERFLOW | EXCEPTION_ACCESS_VIOLATION);
    (is_one && record.NumberParameters >= 2).then(|| record.ExceptionInformation[1])
}

fn stack_pointer(context: &CONTEXT) -> usize {
    #[cfg(target_arch = "x86")]
    return context.Esp as usize;
    #[cfg(target_arch = "x86_64")]
    return context.Rsp as usize;
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    return context.Sp as usize;
}
