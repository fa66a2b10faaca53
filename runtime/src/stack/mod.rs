//! System stacks: the stacks that this runtime owns and bodies run on.
//!
//! One mapping each, taken from a process-wide [`pool`] and given back to it:
//!
//! ```text
//!  base          low                                          header      base + mapped
//!   |   guard     |  room, committed as it is touched  <-- SP   | Header |
//!   | no access   |                                             |        |
//! ```
//!
//! The header lies at the high end, on cache lines that the first frame of a body touches anyway.

pub(crate) mod depth;
pub(crate) mod memory;
pub(crate) mod orphans;
pub(crate) mod pool;

#[cfg(all(test, target_os = "linux", target_env = "gnu", target_arch = "x86_64", not(miri)))]
mod interleavings;

use core::cell::Cell;
use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering;

use self::depth::Depth;
use crate::callback::Callback;
use crate::checker::{self, Notes};
use crate::front;
use crate::report::counters;
use crate::settings;
use crate::switch::{self, LeftAt, Told};
use crate::sync::{AtomicBool, AtomicUsize};
use crate::thread::signal_stack::Disarmed;

/// Address space of a system stack unless [`Settings`](crate::Settings) say otherwise: as large as the stack that
/// main threads have by default, so that no body has less than it would have had.
pub(crate) const SYSTEM_STACK_BYTES: usize = if cfg!(target_pointer_width = "64") { 8 << 20 } else { 1 << 20 };

/// The guard area below a system stack. C compiled without stack probes can step over a single page.
pub(crate) const GUARD_BYTES: usize = 64 * 1024;

/// What an unused stack keeps of the memory that its deepest body has touched: enough for most bodies, so that they find it there.
const KEPT_BYTES: usize = 64 * 1024;

/// Of the activations that give back their stack when they end, one in so many gives back the stack's memory too. A program that does
/// its work in such activations must not pay for that in each of them.
const LEAVES_PER_SHRINK: usize = 64;

/// The value of [`Header::host`] on a stack without an activation.
const IDLE: usize = 0;

/// What lies at the high end of every system stack.
#[repr(C, align(64))]
pub struct Header {
    /// The lowest usable address.
    pub(crate) low: usize,
    /// Bytes between `low` and this header: SP is on this stack when `SP - low < room_bytes`.
    pub(crate) room_bytes: usize,
    /// Address of the [`Record`] of the running activation, on the stack that C called from; [`IDLE`] if there is none. Atomic because a
    /// coroutine may finish its activation on another thread than the one that holds the stack.
    pub(crate) host: AtomicUsize,
    /// The callback whose body runs, or ran last, on this stack. A front that changes stacks by itself leaves it as it is.
    pub(crate) callback: Cell<*const Callback>,
    /// SP of the host when the body was entered: everything below is free. Zero between the decision and the switch, and always in
    /// an activation that the front has begun.
    pub(crate) host_sp: LeftAt,
    /// What the system is told while code runs on this stack.
    pub(crate) told: Told,
    /// The activation ends in [`leave`](crate::arrive::leave), which may give the stack back. Atomic because the thread may end while another one, which a
    /// coroutine was moved to, ends the activation.
    pub(crate) is_extra: AtomicBool,
    /// The alternate signal stack that the running activation was called from.
    pub(crate) disarmed: Disarmed,
    /// How many activations have given this stack back when they ended.
    leaves: Cell<usize>,
    /// Taken by a signal handler that has interrupted the cold path, and given back by it.
    pub(crate) is_alone: Cell<bool>,
    /// How many calls of `on_host_stack` have left this stack for its host and will come back.
    pub(crate) visits: Cell<usize>,
    /// The number of the thread that has ended on this stack without unwinding it, as ExitThread does, and pthread_exit outside of glibc; zero if none.
    pub(crate) ended_by: Cell<u64>,
    /// The next stack held by the same thread.
    pub(crate) next: Cell<*const Header>,
    /// The thread that holds this stack, as its `Thread`'s address; zero when no thread does.
    pub(crate) holder: AtomicUsize,
    /// The whole mapping, guard area included.
    base: usize,
    mapped_bytes: usize,
    /// How deep bodies have used it.
    pub(crate) depth: Depth,
    /// What memory checkers were told.
    pub(crate) notes: Notes,
}

// SAFETY: the cells are touched only by the thread that holds the stack (or that took it out of the pool,
// which an atomic exchange hands over); everything else is constant or atomic.
unsafe impl Sync for Header {}

/// What stands in for "no stack": SP is never on it and it is never idle, so that a thread that holds none takes
/// the cold path without a test of its own.
pub static NO_STACK: Header = Header::new(0, 0, !IDLE, 0, 0);

/// The trace of an activation on its host: it lies in the shim's frame, [`Header::host`] is its address.
///
/// While the activation lives this holds the header's address. A later frame in the same place overwrites it, which tells that a longjmp
/// has abandoned the activation. Its alignment tells it from the front's.
#[repr(C)]
#[cfg_attr(target_arch = "x86_64", repr(align(16)))]
pub(crate) struct Record {
    pub(crate) header: *const Header,
}

impl Header {
    /// A header that nobody holds yet.
    const fn new(low: usize, room_bytes: usize, host: usize, base: usize, mapped_bytes: usize) -> Self {
        Self {
            low,
            room_bytes,
            host: AtomicUsize::new(host),
            callback: Cell::new(ptr::null()),
            host_sp: LeftAt::nowhere(),
            told: Told::nothing(),
            is_extra: AtomicBool::new(false),
            disarmed: Disarmed::nothing(),
            leaves: Cell::new(0),
            is_alone: Cell::new(false),
            visits: Cell::new(0),
            ended_by: Cell::new(0),
            next: Cell::new(ptr::null()),
            holder: AtomicUsize::new(0),
            base,
            mapped_bytes,
            depth: Depth::new(),
            notes: Notes::new(),
        }
    }

    /// Whether `address` lies on this stack.
    #[inline(always)]
    pub(crate) fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.low) < self.room_bytes
    }

    /// Notes an activation of `callback`; `record` is the address of its record.
    #[inline(always)]
    pub(crate) fn begin(&self, callback: &'static Callback, record: usize) {
        self.callback.set(callback);
        self.host_sp.set(0);
        self.host.store(record, Ordering::Relaxed);
    }

    /// The address of the record of the running activation.
    pub(crate) fn host_record(&self) -> Option<usize> {
        let host = self.host.load(Ordering::Acquire);
        (host != IDLE).then_some(host)
    }

    /// Where the running activation has left its host; `None` while it has not. One that the front has begun leaves the host at its record,
    /// one instruction after it has noted that.
    pub(crate) fn left_host_at(&self) -> Option<usize> {
        match self.host_sp.get() {
            0 if self.is_of_front() => self.host_record(),
            0 => None,
            sp => Some(sp),
        }
    }

    /// Whether the running activation was begun by a front.
    pub(crate) fn is_of_front(&self) -> bool {
        front::has_made(self.host.load(Ordering::Relaxed))
    }

    #[inline(always)]
    pub(crate) fn is_idle(&self) -> bool {
        self.host.load(Ordering::Acquire) == IDLE
    }

    /// The callback of the running activation.
    pub(crate) fn running(&self) -> Option<&'static Callback> {
        let host = self.host_record()?;
        let callback = if front::has_made(host) { front::callback_on(self) } else { self.callback.get() };
        // SAFETY: null, or what the general way has noted before the host, or the front's: callbacks are static.
        unsafe { callback.as_ref() }
    }

    /// Where the first frame of an activation begins: the header itself, which is aligned to 64 bytes.
    pub(crate) fn top(&self) -> *mut u8 {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// Address and length of the guard area.
    pub(crate) fn guard(&self) -> core::ops::Range<usize> {
        self.base..self.low
    }

    /// The page that this header lies on, the highest of the stack.
    pub(crate) fn header_page(&self) -> usize {
        (self.low + self.room_bytes) & !(memory::page_bytes() - 1)
    }

    /// The lowest page that was touched since the stack was mapped or its pages were given back, the header's own where the system does
    /// not tell.
    #[cfg_attr(not(feature = "stats"), allow(dead_code, reason = "asked for each callback with `stats` only"))]
    pub(crate) fn lowest_touched(&self) -> usize {
        memory::lowest_touched(self.low, self.header_page()).unwrap_or(self.header_page())
    }

    /// Ends the activation, whatever its host was. Release: the frames of the body come before the reuse of the stack.
    #[inline(always)]
    pub(crate) fn set_idle(&self) {
        self.host_sp.set(0);
        self.host.store(IDLE, Ordering::Release);
    }
}

impl Header {
    /// Gives the memory of an idle stack back to the system, except for the highest [`KEPT_BYTES`]. Makes a system call; SP is not on the
    /// stack or in its highest part.
    pub(crate) fn shrink(&self) {
        let end = self.low + self.room_bytes.saturating_sub(KEPT_BYTES);
        memory::give_back(self.low, (end & !(memory::page_bytes() - 1)).saturating_sub(self.low));
    }

    /// As [`Header::shrink`], at the end of some of the activations that leave the stack, the first among them.
    pub(crate) fn shrink_at_times(&self) {
        let leaves = self.leaves.get();
        self.leaves.set(leaves.wrapping_add(1));
        if leaves.is_multiple_of(LEAVES_PER_SHRINK) {
            self.shrink();
        }
    }
}

/// Takes a stack with at least `room_bytes` from the pool, or maps one. Where frames can only be unwound towards higher addresses it
/// lies below the stack in use, unless there is no place.
///
/// # Errors
/// The system's error code when a mapping fails.
pub(crate) fn take(room_bytes: usize) -> Result<NonNull<Header>, i32> {
    let found = if switch::UNWINDS_ONLY_UP {
        let below = pool::take_highest_below(room_bytes, switch::stack_pointer());
        below.or_else(|| if memory::has_place_below(room_bytes) { None } else { pool::take(room_bytes) })
    } else {
        pool::take(room_bytes)
    };
    match found {
        Some(header) => Ok(header),
        None => map(room_bytes),
    }
}

/// Maps a stack of the usual size, or a larger one when `room_bytes` asks for it, and writes its header.
#[inline(never)]
fn map(room_bytes: usize) -> Result<NonNull<Header>, i32> {
    let page = memory::page_bytes();
    let guard_bytes = settings::guard_bytes().max(memory::LEAST_GUARD_BYTES).next_multiple_of(page);
    let stack_bytes = settings::system_stack_bytes().max(room_bytes.saturating_add(size_of::<Header>()));
    let mapped_bytes = stack_bytes.saturating_add(page - 1) / page * page + guard_bytes;
    let base = memory::map(mapped_bytes, guard_bytes)?;
    counters::mapped();
    let low = base + guard_bytes;
    let header = (base + mapped_bytes - size_of::<Header>()) as *mut Header;
    // SAFETY: [base + guard_bytes, base + mapped_bytes) was just mapped readable and writable and belongs to
    // nobody else; the header lies at its end, which is page aligned, so it is aligned to 64.
    unsafe {
        header.write(Header {
            host_sp: LeftAt::leaving_for(&raw const (*header).told),
            told: Told::of_mapping(base, mapped_bytes, guard_bytes),
            ..Header::new(low, header as usize - low, IDLE, base, mapped_bytes)
        });
        checker::mapped(&*header);
        Ok(NonNull::new_unchecked(header))
    }
}

/// Gives a stack back: to the pool, or to the system when the pool is full.
///
/// # Safety
/// The stack came from [`take`], no activation lives on it, SP is not on it, and the caller does not use it again.
pub(crate) unsafe fn put(header: NonNull<Header>) {
    // SAFETY: the caller owns the stack, so the header is valid.
    let stack = unsafe { header.as_ref() };
    stack.holder.store(0, Ordering::Relaxed);
    stack.is_extra.store(false, Ordering::Relaxed);
    stack.is_alone.set(false);
    stack.disarmed.forget();
    stack.visits.set(0);
    stack.next.set(ptr::null());
    if !pool::put(header) {
        // SAFETY: as above.
        unsafe { unmap(header) };
    }
}

/// # Safety
/// As for [`put`].
unsafe fn unmap(header: NonNull<Header>) {
    // SAFETY: the caller owns the stack.
    checker::unmapped(unsafe { header.as_ref() });
    // SAFETY: as above; its bounds are read before it goes.
    let (base, mapped_bytes) = unsafe { (header.as_ref().base, header.as_ref().mapped_bytes) };
    memory::unmap(base, mapped_bytes);
    counters::unmapped();
}
