//! The timers, and alternate stacks that disarm themselves, are Linux's.

use core::ffi::{c_int, c_void};

#[unsafe(no_mangle)]
extern "C" fn machine_signals_begin(_thread: c_int, _in_frame: *mut c_void) {}

#[unsafe(no_mangle)]
extern "C" fn machine_signals_end(_thread: c_int) {}
