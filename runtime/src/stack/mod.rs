//! System stacks: the stacks that this runtime owns and bodies run on.
//!
//! Each lies in a slot: a range of address space whose size is a power of two, beginning at a
//! multiple of it (16 MiB on 64-bit targets, for stacks of the usual size).
//!
//! ```text
//!  slot      +6 MiB                       low                               header       slot end
//!   | signal  |       guard area          |  room, committed as touched <-- SP | Header |
//!   | stacks  |   no access at its end    |                                    |        |
//! ```
//!
//! A stack is a little more than the upper half of its slot, at least 8 MiB.
//!
//! So the stack that an address lies on is found from the address alone ([`table`]), on any thread
//! and in any signal handler. A slot is never given back before the library is closed, so that
//! a header can be read at any time by whoever has seen its address. What a stack has at the moment
//! stands in its header:
//!
//! | state | `calling` | who has it |
//! |---|---|---|
//! | unused | 1 | the [`pool`], who has just taken it from there, or a decision on it |
//! | idle | 0 | the thread `owner`, for its next body |
//! | in use | address of the record | the activation, on behalf of `owner` |
//! | left by its thread | address of the record | nobody: an [`orphan`], until that has ended |

pub(crate) mod arena;
mod calling;
mod depth;
pub(crate) mod list;
pub(crate) mod memory;
pub(crate) mod orphan;
pub(crate) mod pool;
pub(crate) mod table;

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::mem::{MaybeUninit, offset_of, zeroed};
use core::ops::Range;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering::*};

use crate::callback::Callback;
use crate::checkers::Notes;
use crate::switch::{OsStack, SwitchRecord};
use crate::thread::signal_mask::Blocked;
use crate::thread::signal_stack::Setting;

/// The room that every system stack has at least, and that the fast path takes for granted: a
/// little more than the largest reserve that a main thread would have had.
pub const ROOM_BYTES: usize = crate::settings::SYSTEM_STACK_BYTES + 32 * 1024;

/// What the mapping of a stack has beside the room that was asked for: the header, and some.
pub(crate) const EXTRA_BYTES: usize = 64 * 1024;

/// The lowest part of a slot: a guard area; room for the alternate signal stack that a thread gets
/// while a body runs on this stack that a handler has called on another one; and, of the thread's
/// first slot, [`REPORT_STACK_BYTES`] for the handler of the overflow report.
pub(crate) const SIGNAL_STACK_BYTES: usize =
    if cfg!(target_pointer_width = "64") { 6 << 20 } else { 256 * 1024 };

/// The size of the guard area: the stack of the slot below ends there.
const SIGNAL_GUARD_BYTES: usize = SIGNAL_STACK_BYTES / 16;

const REPORT_STACK_BYTES: usize =
    if cfg!(target_pointer_width = "64") { 512 * 1024 } else { 64 * 1024 };

/// What an unused stack keeps of its memory: enough for most bodies.
const KEPT_BYTES: usize = 64 * 1024;

/// The library is closed: no stack is kept for later any more.
pub(crate) static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// What lies at the high end of every system stack. The first frame of an activation ends at it.
#[repr(C, align(64))]
pub struct Header {
    /// The address of the record of the running activation (see [`Record`]), 0 if none runs.
    /// Written by the fast path, and read by whoever looks, also in handlers and on other threads.
    calling: AtomicUsize,
    /// Where the code of the fast path that has changed to this stack last tells its callback; null
    /// if none has.
    pub(crate) description: AtomicPtr<c_void>,
    /// Bytes between `low` and the header. Constant while the stack is in use.
    pub(crate) room_bytes: usize,
    /// The lowest usable address.
    pub(crate) low: usize,
    /// The callback that the compiled path runs or has run here. The fast path leaves it alone:
    /// see [`running`](crate::fast::running).
    pub(crate) callback: AtomicPtr<Callback>,
    /// Where the compiled path has left the calling stack. Zero between decision and switch, and in
    /// activations of the fast path.
    pub(crate) switch: SwitchRecord,
    /// Windows: what the TEB says while code runs on this stack. Nothing elsewhere.
    pub(crate) os_stack: Cell<OsStack>,

    /// The address of the state of the thread that uses the stack for its bodies; 0 while nobody
    /// does; or see [`orphan`].
    pub(crate) owner: AtomicUsize,
    /// Where that thread's thread-locals lie: no other thread that lives has them there.
    owner_place: AtomicUsize,
    /// The next stack of the same thread. Written before the stack is in the list of the thread.
    pub(crate) next_held: AtomicPtr<Header>,
    /// The next stack in a [`list`]: of the pool or of a thread's idle stacks.
    pub(crate) next_listed: AtomicUsize,
    /// Whether it is in the list of its thread's idle stacks.
    pub(crate) is_listed: AtomicBool,
    /// Whether it keeps memory in the pool.
    is_spare: AtomicBool,
    /// The next stack in the row of those whose activations have ended on other threads than the
    /// owner, and whether this one is in it.
    pub(crate) next_returned: AtomicPtr<Header>,
    pub(crate) is_returned: AtomicBool,
    /// The thread has the upper part of the slot's signal stack for the handler of the overflow
    /// report.
    pub(crate) has_report_stack: AtomicBool,
    /// A registered stack lies inside of this one, so the fast path must not take SP for being on
    /// it.
    pub(crate) is_carved: AtomicBool,
    /// The size of the part of this slot that the thread has for its alternate signal stack, 0 if
    /// it has not.
    pub(crate) lent_bytes: AtomicUsize,
    /// What the thread had before, and its signal mask. To be used while `lent_bytes` is not 0.
    pub(crate) lent: UnsafeCell<MaybeUninit<Lent>>,
    /// The stack of the latest activation that was called from this slot, null if none was, and the
    /// outermost of the row of activations, one called from another, that this one is part of.
    /// Both may have ended since, or be of a former activation.
    called: AtomicPtr<Header>,
    outermost: AtomicPtr<Header>,
    /// How many calls of `on_host_stack` have left this stack for its calling stack.
    pub(crate) visits: AtomicUsize,
    /// The thread that has ended on this stack without unwinding it (ExitThread; pthread_exit
    /// outside of glibc), 0 if none.
    pub(crate) ended_by: AtomicU64,
    /// Bytes that an activation which may be dead had touched when it was looked at last.
    pub(crate) touched: AtomicUsize,

    /// By what other copies of this runtime know a header: [`MARK`]; 0 while a decision is made on
    /// the stack.
    mark: AtomicUsize,
    /// Constant since the slot was mapped.
    pub(crate) slot: usize,
    pub(crate) slot_bytes: usize,
    /// The lowest address of the slot that is ours: above its begin where only a part could be had.
    pub(crate) mapped_from: usize,
    pub(crate) next_mapped: *const Header,
    /// The state of the thread whose first stack this is, and where that row begins.
    pub(crate) thread: ThreadSpace,
    pub(crate) returned: AtomicPtr<Header>,
    /// The lowest page that was touched as far as [`depth`] knows; 0 before the first body.
    lowest: Cell<usize>,
    /// Whose body is measured, null if none is. Still set when the next one begins if a longjmp has
    /// abandoned it, which then counts for nobody.
    measured: Cell<*const Callback>,
    pub(crate) notes: Notes,
}

// SAFETY: all fields that change while the header is shared are atomics, or are used by the one
// thread alone that has the stack: `switch`, `os_stack`, `lent`, `thread`, `lowest`, `measured` and
// `notes`.
unsafe impl Sync for Header {}

// The assembly of the fast path counts on these.
const _: () = assert!(offset_of!(Header, calling) == 0);
const _: () = assert!(offset_of!(Header, description) == size_of::<usize>());
const _: () = assert!(offset_of!(Header, room_bytes) == 2 * size_of::<usize>());

/// Differs where a header does.
const MARK: usize = 0x3ad5_e94c ^ size_of::<Header>();

/// Whether `address` lies on a stack of another copy of this runtime on which nothing runs: then
/// nothing that was called from there is of use any more. It may be any address. `holds` tells
/// whether there is such a word, for certain.
pub(crate) fn is_on_idle_stack_of_another_copy(
    address: usize,
    holds: impl Fn(usize, usize) -> bool,
) -> bool {
    let header = (address | (table::GRANULE_BYTES - 1)) - (size_of::<Header>() - 1);
    // In the lower half are signal stacks, which others use as well.
    address & (table::GRANULE_BYTES / 2) != 0
        && holds(header + offset_of!(Header, mark), MARK)
        && (holds(header, 0) || holds(header, 1))
}

/// What is put back when a body ends that a handler has called on the alternate signal stack.
pub(crate) struct Lent {
    pub(crate) before: Setting,
    pub(crate) blocked: Blocked,
}

/// Room for the state of a thread, which lies in the header of the thread's first stack: what it is
/// made of is known to the room `thread` only.
#[repr(C, align(64))]
pub(crate) struct ThreadSpace(UnsafeCell<[usize; THREAD_WORDS]>);

/// Words of a thread's state: what lies in lines of the cache counts in bytes.
pub(crate) const THREAD_WORDS: usize = 256 / size_of::<usize>();

impl ThreadSpace {
    pub(crate) fn get(&self) -> *mut [usize; THREAD_WORDS] {
        self.0.get()
    }
}

/// The trace of an activation on the stack that it was called from: a word in the frame of the
/// shim, whose address is [`Header::calling`].
///
/// While the activation lives the word is the address of the header. Whoever uses the memory
/// afterwards overwrites it: that proves the activation dead. Its alignment tells it from the
/// records of the fast path.
#[repr(C)]
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), repr(align(16)))]
pub(crate) struct Record {
    pub(crate) header: *const Header,
}

/// What stands in for a stack where a thread has none: never idle, so that it is never taken.
pub(crate) static NO_STACK: Header =
    Header { calling: AtomicUsize::new(calling::NEVER_IDLE), ..Header::zeroed() };

impl Header {
    /// Of no stack.
    const fn zeroed() -> Self {
        // SAFETY: all fields are numbers, null pointers and flags, or may be uninitialised.
        unsafe { zeroed() }
    }

    /// Whether `address` lies on this stack.
    #[inline(always)]
    pub(crate) fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.low) < self.room_bytes
    }

    /// Takes the stack for an activation with its record at `record`. False when it is in use: a
    /// signal handler, or another part of the same thread, was faster.
    #[inline(always)]
    pub(crate) fn claim(&self, callback: &'static Callback, record: *mut Record) -> bool {
        self.claim_where(callback, record, |address| self.make_used(address))
    }

    /// The same for a caller that perhaps runs on another thread than the owner's by now, and gets
    /// nothing there. `place` as for [`set_owner`](Self::set_owner), of the thread that it runs on.
    #[inline(always)]
    pub(crate) fn claim_by_owner(
        &self,
        callback: &'static Callback,
        record: *mut Record,
        place: impl FnOnce() -> usize,
    ) -> bool {
        self.claim_where(callback, record, |address| self.make_used_by_owner(address, place))
    }

    #[inline(always)]
    fn claim_where(
        &self,
        callback: &'static Callback,
        record: *mut Record,
        make_used: impl FnOnce(usize) -> bool,
    ) -> bool {
        let is_taken = make_used(self.write_record(record));
        if is_taken {
            self.note(callback);
        }
        is_taken
    }

    /// Takes an unused stack, which nobody else has, for an activation with its record at
    /// `record`.
    pub(crate) fn begin(&self, callback: &'static Callback, record: *mut Record) {
        let address = self.write_record(record);
        self.calling.store(address, Release);
        self.note(callback);
    }

    /// Leaves the trace of an activation, before the stack counts as in use: without its record it
    /// would count as dead.
    #[inline(always)]
    fn write_record(&self, record: *mut Record) -> usize {
        let address = record.expose_provenance();
        // SAFETY: `record` is the place for it in the frame of the shim that waits for this.
        unsafe { (&raw mut (*record).header).write_volatile(self) };
        address
    }

    #[inline(always)]
    fn note(&self, callback: &'static Callback) {
        self.switch.set_sp(0);
        self.callback.store(ptr::from_ref(callback).cast_mut(), Relaxed);
    }

    /// A decision on the stack begins or ends.
    pub(crate) fn set_scratch(&self, is_scratch: bool) {
        self.mark.store(if is_scratch { 0 } else { MARK }, Release);
    }

    /// Whether the slow path decides on the stack: what is called from here meanwhile is called by
    /// the runtime itself.
    pub(crate) fn is_scratch(&self) -> bool {
        self.mark.load(Relaxed) == 0
    }

    /// Where the first frame of an activation ends: the header itself, aligned to 64 bytes.
    #[inline(always)]
    pub(crate) fn top(&self) -> *mut u8 {
        // The address was exposed when the slot was mapped, with the provenance of the mapping.
        ptr::with_exposed_provenance_mut(ptr::from_ref(self).addr())
    }

    /// The area between the room and the slot's signal stack. At its upper end nothing can be
    /// accessed, for as many bytes as the settings ask for or more.
    pub(crate) fn guard(&self) -> Range<usize> {
        self.mapped_from.max(self.slot + SIGNAL_STACK_BYTES)..self.low
    }

    /// Whether the slot has room for signal stacks.
    pub(crate) fn has_signal_stacks(&self) -> bool {
        self.mapped_from == self.slot
    }

    /// The part of the slot for the handler of the overflow report.
    pub(crate) fn report_area(&self) -> Range<usize> {
        let end = self.slot + SIGNAL_STACK_BYTES;
        end - REPORT_STACK_BYTES..end
    }

    /// The part of the slot that a thread can get for its alternate signal stack.
    pub(crate) fn lendable(&self) -> Range<usize> {
        self.slot + SIGNAL_GUARD_BYTES..self.report_area().start
    }

    /// The part of the slot that the thread has for its alternate signal stack.
    pub(crate) fn lent_stack(&self) -> Range<usize> {
        let low = self.lendable().start;
        low..low + self.lent_bytes.load(Acquire)
    }

    /// An activation on `called` begins that was called from here: from the stack, or from the
    /// signal stack that the slot has lent.
    pub(crate) fn note_called(&self, called: &'static Self) {
        let address = |header: &Self| ptr::from_ref(header).cast_mut();
        self.called.store(address(called), Relaxed);
        let is_inside = self.record().is_some_and(|record| table::slot_at(record).is_some());
        let outermost = if is_inside { self.outermost.load(Relaxed) } else { address(self) };
        called.outermost.store(outermost, Relaxed);
    }

    /// The stack of an activation that was called from where nothing runs any more, in this slot.
    pub(crate) fn left_behind(&self) -> Option<&'static Self> {
        // SAFETY: null or a header, and headers stay.
        let called = unsafe { self.called.load(Relaxed).as_ref() }?;
        let slot = self.slot..ptr::from_ref(self).addr();
        let is_left = |record| slot.contains(&record) && !self.may_hold_frames(record);
        called.record().is_some_and(is_left).then_some(called)
    }

    /// The stack that the outermost activation of the row is on, or was.
    pub(crate) fn outermost(&self) -> Option<&'static Self> {
        // SAFETY: as above.
        unsafe { self.outermost.load(Relaxed).as_ref() }
    }

    /// Whether a frame at `address`, in the slot, may be of use still: on the stack while an
    /// activation has it, on a signal stack that can be lent while it is.
    pub(crate) fn may_hold_frames(&self, address: usize) -> bool {
        if self.contains(address) {
            !self.is_idle()
        } else if self.has_signal_stacks() && self.lendable().contains(&address) {
            self.lent_stack().contains(&address)
        } else {
            true
        }
    }

    /// The page that this header lies on, the highest of the stack but for larger pages.
    pub(crate) fn header_page(&self) -> usize {
        (self.low + self.room_bytes) & !(memory::page_bytes() - 1)
    }

    /// How much memory the stack takes, as far as the system tells.
    pub(crate) fn resident_bytes(&self) -> usize {
        let lowest = memory::lowest_resident(self.low, self.header_page());
        self.low + self.room_bytes - lowest.unwrap_or(self.header_page())
    }

    /// Gives memory of an idle stack back to the system, but for the highest `kept` bytes and what
    /// lies on the header's page.
    ///
    /// # Safety
    /// No activation lives on the stack and SP is not on it.
    pub(crate) unsafe fn shrink(&self, kept: usize) {
        let page = memory::page_bytes();
        let end = (self.low + self.room_bytes.saturating_sub(kept)) & !(page - 1);
        // SAFETY: a part of the stack, and the caller's promise.
        unsafe { memory::give_back(self.low, end.min(self.header_page()) - self.low) };
    }
}
