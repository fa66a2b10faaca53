//! Linux on x86_64 and aarch64: a thread-local that is reached through a TLS descriptor, so that a
//! shared library with guarded callbacks needs none of the room that the C library keeps for
//! thread-locals of the fastest kind.
//!
//! Once, when the program or library is loaded, [`find_place`] looks where the loader has put the
//! words:
//!
//! - At the same distance from the thread pointer in every thread: in programs always, in libraries
//!   as long as glibc has room. The distance is kept in [`Location::offset`].
//! - In a block that each thread allocates when it first asks for it. Asking allocates memory, and
//!   before glibc 2.40 loses vector registers (bug 31372), so nobody ever asks: such a library
//!   keeps its words in the state of the thread, which the value of the thread-specific key leads
//!   to. glibc keeps the values of the first 32 keys in the thread's descriptor, at a distance from
//!   the thread pointer that is found by content, and kept in [`Location::slot`] for the fast path.

use core::arch::{asm, global_asm, naked_asm};
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};

use super::Words;
use crate::stack::NO_STACK;
use crate::thread::exit;
#[cfg(target_env = "gnu")]
use crate::thread::signal_mask::Blocked;

/// Where the fast path finds the words.
#[repr(C)]
pub struct Location {
    /// Their distance from the thread pointer, 0 where it is not the same in all threads.
    offset: AtomicUsize,
    /// The distance from the thread pointer of the value of our thread-specific key, 0 if unknown.
    slot: AtomicUsize,
    /// What stands before that value while it is one of ours: a number that is new for each key.
    sequence: AtomicUsize,
}

pub static LOCATION: Location = Location {
    offset: AtomicUsize::new(0),
    slot: AtomicUsize::new(0),
    sequence: AtomicUsize::new(0),
};

// The assembly of the fast path counts on these.
const _: () = assert!(offset_of!(Location, slot) == 8 && offset_of!(Location, sequence) == 16);

static HAS_LOOKED: AtomicBool = AtomicBool::new(false);

// As `Words::new` has them.
global_asm!(
    ".pushsection .tdata.{anchor}.words, \"awT\", @progbits",
    ".globl {anchor}.words",
    ".hidden {anchor}.words",
    ".type {anchor}.words, @object",
    ".size {anchor}.words, {size}",
    ".p2align 6",
    "{anchor}.words:",
    ".zero {home_at}",
    ".quad {no_stack}",
    ".zero {size} - {home_at} - 8",
    ".popsection",
    anchor = sym LOCATION,
    size = const size_of::<Words>(),
    home_at = const offset_of!(Words, home),
    no_stack = sym NO_STACK,
);

crate::thread::tls::define_near_location! { Location }

/// What [`ask_loader`] returns.
#[repr(C)]
struct Asked {
    /// The distance of the calling thread's words from the thread pointer.
    distance: usize,
    /// The address of the descriptor; the distance itself where the linker knew it.
    descriptor: usize,
}

/// Asks the loader where the calling thread's words are.
#[unsafe(naked)]
extern "C" fn ask_loader() -> Asked {
    #[cfg(target_arch = "x86_64")]
    naked_asm!(
        "lea rax, [rip + {anchor}.words@tlsdesc]",
        // The loader's function may call C, which wants SP aligned to 16.
        "push rax",
        "call qword ptr [rax + {anchor}.words@tlscall]",
        "pop rdx",
        "ret",
        anchor = sym LOCATION,
    );
    #[cfg(target_arch = "aarch64")]
    naked_asm!(
        "stp x29, x30, [sp, #-32]!",
        "mov x29, sp",
        "adrp x0, :tlsdesc:{anchor}.words",
        "ldr x1, [x0, :tlsdesc_lo12:{anchor}.words]",
        "add x0, x0, :tlsdesc_lo12:{anchor}.words",
        "str x0, [sp, #16]",
        ".tlsdesccall {anchor}.words",
        "blr x1",
        "ldr x1, [sp, #16]",
        "ldp x29, x30, [sp], #32",
        "ret",
        anchor = sym LOCATION,
    );
}

/// Finds out where the words lie. Called while the loader loads this program or library, when
/// allocating is safe; or else on the slow path, when callbacks come from constructors before ours.
/// `key` is the number of the thread-specific key.
pub(crate) fn find_place(key: Option<usize>) {
    if HAS_LOOKED.swap(true, AcqRel) {
        return;
    }
    let Asked { distance, descriptor } = ask_loader();
    let is_relaxed = descriptor == distance;
    // SAFETY: not relaxed, so it is the address of a descriptor: two words, of which the second is
    // the distance itself where that is the same in all threads (glibc and musl).
    let is_static = is_relaxed
        || unsafe { core::ptr::with_exposed_provenance::<[usize; 2]>(descriptor).read() }[1]
            == distance;
    let found = key.filter(|_| !is_static).and_then(find_slot);
    for location in [near_location(), &LOCATION] {
        if is_static {
            location.offset.store(distance, Release);
        } else if let Some((slot, sequence)) = found {
            location.sequence.store(sequence, Relaxed);
            location.slot.store(slot, Release);
        }
    }
}

/// The library is closed: its key is deleted, and states that the values led to are unmapped.
pub(crate) fn forget_place() {
    near_location().slot.store(0, Release);
    LOCATION.slot.store(0, Release);
}

#[allow(dead_code, reason = "for the fast path")]
#[inline(always)]
pub fn fast_path_finds() -> bool {
    LOCATION.offset.load(Relaxed) != 0 || LOCATION.slot.load(Relaxed) != 0
}

#[inline(always)]
pub(crate) fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: both C libraries keep the thread pointer at fs:0 as well. Not `pure`: a coroutine may
    // carry the caller to another thread.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        asm!("mov {}, qword ptr fs:[0]", out(reg) pointer, options(nostack, readonly));
        #[cfg(target_arch = "aarch64")]
        asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, readonly));
    }
    pointer
}

pub(crate) fn place() -> usize {
    thread_pointer()
}

/// `None` where they lie in the state of the thread, and it has none yet.
#[inline(always)]
pub(crate) fn words() -> Option<&'static Words> {
    near_words().or_else(words_of_state)
}

/// The same where they lie at the same distance from the thread pointer in all threads: no call, so
/// that a shim which asks saves no registers.
#[inline(always)]
pub(crate) fn near_words() -> Option<&'static Words> {
    match LOCATION.offset.load(Relaxed) {
        0 => None,
        offset => {
            let words = thread_pointer().wrapping_add(offset);
            // SAFETY: the loader has put the calling thread's words there, and not at address 0,
            // which the compiler is told as it would look.
            unsafe {
                core::hint::assert_unchecked(words != 0);
                Some(&*core::ptr::with_exposed_provenance::<Words>(words))
            }
        }
    }
}

#[inline(never)]
fn words_of_state() -> Option<&'static Words> {
    // SAFETY: null, or the state of the calling thread, which begins with words of its own.
    unsafe { exit::value().cast::<Words>().as_ref() }
}

/// Where glibc keeps the calling thread's value of our key: its distance from the thread pointer,
/// and the number that stands before it. Found by content: one place in the thread's descriptor,
/// and no other, follows the value when it changes. `None` where that is not so.
#[cfg(target_env = "gnu")]
fn find_slot(number: usize) -> Option<(usize, usize)> {
    /// What the values are while this looks: no address and no small number.
    const MARKS: [usize; 2] = [0x5f3c_a96b_5f3c_a96b, 0x2ad1_7e4c_2ad1_7e4c];
    if number >= exit::KEYS_WITHOUT_ALLOCATION {
        return None;
    }
    let key = number as libc::pthread_key_t;
    // SAFETY: has no preconditions.
    let descriptor = unsafe { libc::pthread_self() } as usize;
    // It ends at the thread pointer, or begins there: then it has more than 256 words in all
    // versions of glibc (the values of 32 keys are 64 of them).
    let end = if descriptor < thread_pointer() { thread_pointer() } else { descriptor + 256 * 8 };
    // SAFETY: a word of the descriptor.
    let word =
        |at: usize| unsafe { core::ptr::with_exposed_provenance::<usize>(at).read_volatile() };
    // SAFETY: the key is ours.
    let set = |value: usize| unsafe {
        libc::pthread_setspecific(key, core::ptr::without_provenance(value)) == 0
    };
    // What a handler calls back meanwhile would take a mark for a state.
    let _blocked = Blocked::all();
    let mut places = [None; 2];
    for (place, mark) in places.iter_mut().zip(MARKS) {
        if !set(mark) {
            return None;
        }
        let mut found = (descriptor + 8..end).step_by(8).filter(|&at| word(at) == mark);
        *place = found.next().filter(|_| found.next().is_none());
    }
    let sequence = places[0].map_or(0, |at| word(at - 8));
    set(0);
    match places {
        // A small odd number: a key that is in use.
        [Some(first), Some(second)]
            if first == second && sequence % 2 == 1 && sequence < 1 << 32 =>
        {
            Some((first.wrapping_sub(thread_pointer()), sequence))
        }
        _ => None,
    }
}

/// Other C libraries place thread-locals of libraries without allocating.
#[cfg(not(target_env = "gnu"))]
fn find_slot(_number: usize) -> Option<(usize, usize)> {
    None
}
