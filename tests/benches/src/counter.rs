//! Words to who counts the instructions of this program: callgrind, or the plugin of qemu
//! (plugin/instructions.c) that the environment variable [`COUNTER`] starts; nothing happens
//! elsewhere.

use std::sync::LazyLock;

/// What starts a program so that its instructions are counted, when valgrind does not.
pub(crate) const COUNTER: &str = "GUARDED_CALLBACK_COUNTER";

/// Sets the counter to zero.
pub(crate) fn zero() {
    request(ZERO_STATS);
}

/// Writes the counter and sets it to zero. Callgrind writes into a file, whose name ends in the
/// number of the file, the plugin to standard error.
pub(crate) fn dump() {
    request(DUMP_STATS);
}

/// Whether the plugin counts.
pub(crate) fn is_plugin() -> bool {
    // Once, so that asking is hardly counted.
    static ANSWER: LazyLock<bool> = LazyLock::new(|| std::env::var_os(COUNTER).is_some());
    *ANSWER
}

/// Callgrind's own requests begin with the letters CT (callgrind.h).
const DUMP_STATS: usize = (b'C' as usize) << 24 | (b'T' as usize) << 16;
const ZERO_STATS: usize = DUMP_STATS + 1;

/// Of a system call.
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
type Number = libc::c_int;
#[cfg(not(any(target_vendor = "apple", target_os = "freebsd")))]
type Number = libc::c_long;

fn request(code: usize) {
    if is_plugin() {
        // SAFETY: there is no system call with such a number; the plugin sees it.
        unsafe { libc::syscall(20_000 + (code - DUMP_STATS) as Number) };
    } else {
        callgrind(code);
    }
}

/// Defines the request for one architecture. On a processor the rotations turn a register once
/// around, which is left as it was, and the exchange is of a register with itself. Valgrind takes
/// the sequence for a request in the memory at the accumulator (valgrind.h), reads that and
/// answers in the data register.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
macro_rules! callgrind {
    ($($instruction:literal)*, $accumulator:tt, $data:tt) => {
        fn callgrind(code: usize) {
            let request: [usize; 6] = [code, 0, 0, 0, 0, 0];
            // SAFETY: see above.
            unsafe {
                core::arch::asm!(
                    $($instruction,)*
                    in($accumulator) request.as_ptr(),
                    inout($data) 0_usize => _,
                );
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
callgrind! {
    "rol rdi, 3" "rol rdi, 13" "rol rdi, 61" "rol rdi, 51" "xchg rbx, rbx", "rax", "rdx"
}

#[cfg(target_arch = "x86")]
callgrind! {
    "rol edi, 3" "rol edi, 13" "rol edi, 29" "rol edi, 19" "xchg ebx, ebx", "eax", "edx"
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
fn callgrind(_code: usize) {}
