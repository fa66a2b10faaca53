//! Words to callgrind from the program that runs in it; nothing happens elsewhere.

/// Sets all counters to zero.
pub(crate) fn zero() {
    request(ZERO_STATS);
}

/// Writes the counters into a file, whose name ends in the number of the file, and sets them to
/// zero.
pub(crate) fn dump() {
    request(DUMP_STATS);
}

/// Callgrind's own requests begin with the letters CT (callgrind.h).
const DUMP_STATS: usize = (b'C' as usize) << 24 | (b'T' as usize) << 16;
const ZERO_STATS: usize = DUMP_STATS + 1;

#[cfg(all(target_arch = "x86_64", not(windows)))]
fn request(code: usize) {
    let request: [usize; 6] = [code, 0, 0, 0, 0, 0];
    // SAFETY: on a processor this turns rdi once around, which is left as it was, and exchanges rbx
    // with itself. Valgrind takes the sequence for a request in the memory at rax (valgrind.h),
    // reads that and answers in rdx.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") request.as_ptr(),
            inout("rdx") 0_usize => _,
        );
    }
}

#[cfg(not(all(target_arch = "x86_64", not(windows))))]
fn request(_code: usize) {}
