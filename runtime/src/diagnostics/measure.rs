//! How deep one call uses its stack: the stack is painted before and looked at afterwards.

use core::mem::MaybeUninit;
use core::ptr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::call::call_on;
use crate::callback::Callback;
use crate::checkers::{self, valgrind};
use crate::stack::{Header, pool};
use crate::switch;

/// The room that is left for the frames of what paints the stack: in debug builds every write is a
/// function of its own.
const MARGIN_BYTES: usize = 4096;

/// What the stack is painted with: no address, and no small number.
const PAINT: usize = 0x5f3c_a96b_5f3c_a96b_u64 as usize;

/// Runs `call` on a system stack of its own, and returns how many bytes of it the call has used at
/// its deepest: a helper for tests, to choose a `reserve`.
///
/// Guarded callbacks that run inside of it do so in place, so that they count as well; what moves
/// to another stack does not, as threads and [`on_host_stack`](crate::on_host_stack). The use of a
/// debug build is often several times that of a release build. A call that uses less than about 4
/// KiB counts as that much; one that needs more than a system stack has
/// ([`system_stack_bytes`](crate::Settings::system_stack_bytes)) overflows it. All of that stack
/// takes memory meanwhile. A longjmp out of `call` loses it, and an exception of another language
/// ends the process.
///
/// # Panics
/// With the panics of `call`, and where no system stack can be had.
///
/// ```
/// # #[cfg(unix)] {
/// use std::hint::black_box;
///
/// /// What the body of a callback does with its largest input.
/// fn parse() {
///     black_box(&mut [0_u8; 50_000]).fill(1);
/// }
///
/// let used = guarded_callback::measure(parse);
/// assert!(used >= 50_000);
/// assert!(2 * used <= 128 * 1024, "`reserve` must be raised to twice the {used} bytes");
/// # }
/// ```
#[doc(alias("high_water_mark", "stack_usage"))]
pub fn measure(call: impl FnOnce()) -> usize {
    static MEASURE: Callback = Callback::new("guarded_callback::measure");
    let stack = pool::take(0, switch::stack_pointer())
        .unwrap_or_else(|error| panic!("no system stack (os error {error})"));
    let mut record = MaybeUninit::uninit();
    stack.begin(&MEASURE, record.as_mut_ptr());
    checkers::begin(&stack.notes, stack.low, stack.room_bytes, || None);
    // A panic is caught there: Microsoft's unwinder would run its cleanup on top of this stack.
    // SAFETY: SP is on the stack then, and nothing else.
    let measured = || catch_unwind(AssertUnwindSafe(|| unsafe { deepest_use(stack, call) }));
    // SAFETY: nobody else has the stack.
    let used = unsafe { call_on(measured, stack.top(), &stack.switch) };
    checkers::returned(&stack.notes);
    checkers::end(&stack.notes);
    stack.set_idle();
    stack.make_unused();
    // SAFETY: from the pool, its activation has ended, and SP is not on it.
    unsafe { pool::put(stack) };
    used.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs `call` and returns how many bytes of `stack` were used meanwhile.
///
/// # Safety
/// SP lies on `stack`, and nothing but the caller's frames lives on that.
#[inline(never)]
unsafe fn deepest_use(stack: &Header, call: impl FnOnce()) -> usize {
    const WORD: usize = size_of::<usize>();
    let word = |at: usize| ptr::with_exposed_provenance_mut::<usize>(at);
    let low = stack.low.next_multiple_of(WORD);
    let painted_end = (switch::stack_pointer() - MARGIN_BYTES) & !(WORD - 1);
    valgrind::makes_room(low, painted_end - low);
    let mut at = painted_end;
    // Downwards: Windows grows the stack page by page.
    while at > low {
        at -= WORD;
        // SAFETY: a word of the stack below all frames, as those that this loop calls fit the
        // margin. Volatile, because the compiler does not see who reads it.
        unsafe { word(at).write_volatile(PAINT) };
    }
    call();
    valgrind::takes_as_it_is(low, painted_end - low);
    // SAFETY: a word of the stack, which was written above. Volatile, because the compiler does not
    // see that `call` has written there.
    let is_painted = |at: usize| unsafe { word(at).read_volatile() == PAINT };
    while at < painted_end && is_painted(at) {
        at += WORD;
    }
    stack.low + stack.room_bytes - at
}
