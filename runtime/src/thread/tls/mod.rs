//! The words that a warm callback reads of its thread: the only thread-locals of the runtime.
//!
//! They have no destructor, so that they can be read at any time of a thread's life, in destructors
//! of other thread-locals and in signal handlers too.
//!
//! Every file has `words()`, the calling thread's words, never remembered across a call, as a
//! coroutine may carry the caller to another thread; `near_words()`, the same as far as that takes
//! no call; `place()`, a number that tells the threads apart which live at the same time; and for
//! the fast path, whether it finds the words of threads that have a state: `fast_path_finds()`.

use crate::cfg_if::cfg_if;

cfg_if! {
    if #[cfg(all(
        any(target_arch = "x86_64", target_arch = "aarch64"),
        any(target_os = "linux", target_vendor = "apple"),
        target_pointer_width = "64",
        not(miri),
    ))] {
        #[cfg_attr(target_os = "linux", path = "descriptor.rs")]
        #[cfg_attr(target_vendor = "apple", path = "specific.rs")]
        mod imp;
        #[allow(unused_imports, reason = "for the fast path")]
        pub use imp::{LOCATION, fast_path_finds};
    } else {
        #[path = "native.rs"]
        mod imp;
        #[allow(unused_imports, reason = "for the fast path of Windows and FreeBSD")]
        pub use imp::*;
    }
}

/// Where the fast path of one program or library finds where the words are: hidden, and the same
/// for all of its functions. `location` is the runtime's [`LOCATION`].
#[allow(unused_macros, reason = "for targets with a fast path")]
macro_rules! near_location {
    () => {
        "
        .ifndef {location}.near
        .pushsection .bss.{location}.near,\"awG\",@nobits,{location}.near,comdat
        .weak {location}.near
        .hidden {location}.near
        .type {location}.near, %object
        .size {location}.near, 24
        .p2align 5
        {location}.near:
        .zero 24
        .popsection
        .endif
        "
    };
}
#[allow(unused_imports, reason = "as above")]
pub(crate) use near_location;

/// The copy of the runtime's own program or library, and a function that leads to it.
#[allow(unused_macros, reason = "as above")]
macro_rules! define_near_location {
    ($Location:ty) => {
        core::arch::global_asm!($crate::thread::tls::near_location!(), location = sym LOCATION);

        /// Where the fast path of the runtime's own program or library finds the words.
        fn near_location() -> &'static $Location {
            let near: *const $Location;
            // SAFETY: asks for the address of what is defined above, zeros as [`LOCATION`] at
            // first.
            unsafe {
                #[cfg(target_arch = "x86_64")]
                core::arch::asm!(
                    "lea {}, [rip + {location}.near]",
                    out(reg) near,
                    location = sym LOCATION,
                    options(nomem, nostack, preserves_flags),
                );
                #[cfg(target_arch = "aarch64")]
                core::arch::asm!(
                    "adrp {near}, {location}.near",
                    "add {near}, {near}, :lo12:{location}.near",
                    near = out(reg) near,
                    location = sym LOCATION,
                    options(nomem, nostack, preserves_flags),
                );
                &*near
            }
        }
    };
}
#[allow(unused_imports, reason = "as above")]
use define_near_location;

use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*, compiler_fence};

pub(crate) use imp::{find_place, forget_place, near_words, place, words};

use crate::callback::USUAL_BYTES;
use crate::stack::{Header, NO_STACK};

/// What the fast path reads. Aligned to a line of the cache, but not on Windows: loaders there do
/// not align thread-locals to more than two words.
#[repr(C)]
#[cfg_attr(not(windows), repr(align(64)))]
pub struct Words {
    /// The part of the thread stack in which SP may be taken for being on it: from its lowest
    /// usable address up to its end, or to the first other stack that lies inside of it. Empty
    /// before the first use, and where the bounds are unknown.
    low: AtomicUsize,
    bytes: AtomicUsize,
    /// The stack to run the next body on, if it is idle. Never null.
    home: AtomicPtr<Header>,
    /// Where its room ends; 0 where there is no stack, so that the fast path takes no SP for being
    /// on it.
    home_end: AtomicUsize,
    /// The part of the range in which a callback that needs [`USUAL_BYTES`] may run in place, empty
    /// before a body has: the fast path compares with these in fewer instructions.
    usual_low: AtomicUsize,
    usual_bytes: AtomicUsize,
    /// The end of the range once a body has run in place on the thread stack, 0 before: so the slow
    /// path hears of the first one.
    in_place_high: AtomicUsize,
    /// The rest of what is known of the thread, null before its first use.
    thread: AtomicPtr<u8>,
}

// The assembly of the fast path counts on these.
const _: () = assert!(offset_of!(Words, low) == 0);
const _: () = assert!(offset_of!(Words, bytes) == size_of::<usize>());
const _: () = assert!(offset_of!(Words, home) == 2 * size_of::<usize>());
const _: () = assert!(offset_of!(Words, home_end) == 3 * size_of::<usize>());
const _: () = assert!(offset_of!(Words, usual_low) == 4 * size_of::<usize>());
const _: () = assert!(offset_of!(Words, usual_bytes) == 5 * size_of::<usize>());
const _: () = assert!(offset_of!(Words, in_place_high) == 6 * size_of::<usize>());

impl Default for Words {
    fn default() -> Self {
        Self::new()
    }
}

/// What stands for the state of a thread that has ended.
const ENDED: *mut u8 = ptr::without_provenance_mut(1);

impl Words {
    pub(crate) const fn new() -> Self {
        Self {
            low: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            home: AtomicPtr::new((&raw const NO_STACK).cast_mut()),
            home_end: AtomicUsize::new(0),
            usual_low: AtomicUsize::new(0),
            usual_bytes: AtomicUsize::new(0),
            in_place_high: AtomicUsize::new(0),
            thread: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// How far above the lowest usable address of the thread stack `sp` lies; `None` elsewhere, and
    /// where nothing is known.
    #[inline(always)]
    pub(crate) fn room_on_thread(&self, sp: usize) -> Option<usize> {
        let room = sp.wrapping_sub(self.low.load(Relaxed));
        (room < self.bytes.load(Relaxed)).then_some(room)
    }

    /// Whether a body that needs so many bytes may run in place at `sp` on the thread stack, and
    /// the slow path need not hear of it.
    #[inline(always)]
    pub(crate) fn stays_on_thread(&self, sp: usize, needed: usize) -> bool {
        let low = self.low.load(Relaxed);
        let has_room = if cfg!(target_pointer_width = "64") {
            // Where the subtraction wraps around, the result is negative.
            sp.wrapping_sub(needed).cast_signed() >= low.cast_signed()
        } else {
            sp.saturating_sub(low) >= needed
        };
        has_room && sp < self.in_place_high.load(Relaxed)
    }

    /// From now on bodies may run in place in all of the range. Signal handlers may change the
    /// range in between.
    pub(crate) fn allow_in_place(&self) {
        loop {
            let bytes = self.bytes.load(Relaxed);
            self.usual_bytes.store(bytes.saturating_sub(USUAL_BYTES), Relaxed);
            self.in_place_high.store(self.low.load(Relaxed) + bytes, Relaxed);
            compiler_fence(SeqCst);
            if self.bytes.load(Relaxed) == bytes {
                return;
            }
        }
    }

    /// Sets what counts as the thread stack. A signal handler in between sees nothing, not
    /// something wrong.
    pub(crate) fn set_range(&self, low: usize, high: usize) {
        self.usual_bytes.store(0, Relaxed);
        self.in_place_high.store(0, Relaxed);
        self.bytes.store(0, Relaxed);
        compiler_fence(SeqCst);
        self.low.store(low, Relaxed);
        self.usual_low.store(low + USUAL_BYTES, Relaxed);
        compiler_fence(SeqCst);
        self.bytes.store(high - low, Relaxed);
    }

    #[inline(always)]
    pub(crate) fn home(&self) -> *mut Header {
        self.home.load(Relaxed)
    }

    pub(crate) fn set_home(&self, home: &'static Header) {
        // A signal handler in between finds itself on no home.
        self.home_end.store(0, Relaxed);
        compiler_fence(SeqCst);
        self.home.store(ptr::from_ref(home).cast_mut(), Relaxed);
        compiler_fence(SeqCst);
        let end = if home.room_bytes == 0 { 0 } else { ptr::from_ref(home).addr() };
        self.home_end.store(end, Relaxed);
    }

    /// Null before the first use and after the end.
    #[inline(always)]
    pub(crate) fn thread(&self) -> *mut u8 {
        let thread = self.thread.load(Relaxed);
        if thread == ENDED { ptr::null_mut() } else { thread }
    }

    pub(crate) fn set_thread(&self, thread: *mut u8) {
        self.thread.store(thread, Relaxed);
    }

    /// Whether the thread's state was ended: what it calls from now on is called by destructors.
    pub(crate) fn has_ended(&self) -> bool {
        self.thread.load(Relaxed) == ENDED
    }

    pub(crate) fn set_ended(&self) {
        self.thread.store(ENDED, Relaxed);
    }
}
