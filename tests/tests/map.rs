//! The picture of a thread's stacks.

use core::ffi::{c_int, c_void};
use core::ops::Range;
use core::ptr;

use guarded_callback::{StackBounds, StackMap, register_stack};
use tests::{CCallback, SYSTEM_STACK_BYTES, c, callback, from_c, in_both_modes, to_c, use_stack};

const KIB: usize = 1024;

/// So much of a system stack that a second use of as much does not leave [`MORE_THAN_IS_LEFT`].
const MUCH: usize = SYSTEM_STACK_BYTES / 8 * 3;
const MORE_THAN_IS_LEFT: usize = SYSTEM_STACK_BYTES / 8 * 6;

/// What one body uses, to be seen in the picture.
const USED: usize = SYSTEM_STACK_BYTES / 8;

callback! { "C" fn draws(arg) {
    // SAFETY: the tests pass a text.
    *unsafe { from_c::<String>(arg) } = StackMap::current().to_string();
    0
} }

callback! { "C" [reserve = MORE_THAN_IS_LEFT] fn draws_on_a_further_stack(arg) {
    // SAFETY: as above.
    *unsafe { from_c::<String>(arg) } = StackMap::current().to_string();
    0
} }

/// Which callback a body calls through C, and where the picture goes.
struct Nested {
    inner: CCallback,
    picture: String,
}

callback! { "C" fn calls_another(arg) {
    use_stack(MUCH);
    // SAFETY: the tests pass this.
    let nested = unsafe { from_c::<Nested>(arg) };
    // SAFETY: the inner callback expects a text.
    unsafe { c::c_call_with_frame(MUCH, nested.inner, to_c(&mut nested.picture)) }
} }

callback! { "C" fn suspends(arg) {
    // SAFETY: the test passes the coroutine that it resumes.
    unsafe { c::c_coroutine_suspend(*arg.cast::<*mut c::Coroutine>()) };
    0
} }

callback! { "C" fn uses_much(_arg) { use_stack(USED) } }

/// Calls one callback and then, no more for the first time on the thread, another.
extern "C" fn calls_two(arg: *mut c_void) -> c_int {
    // SAFETY: the tests pass two callbacks, and the argument of the second.
    let (first, second, arg) = unsafe { *arg.cast::<(CCallback, CCallback, *mut c_void)>() };
    // SAFETY: the first needs none.
    unsafe { c::c_call(first, ptr::null_mut()) + c::c_call(second, arg) }
}

/// Calls where both modes switch.
fn far_down(f: CCallback, arg: *mut c_void) -> c_int {
    let low = StackBounds::of_thread().expect("known").low();
    // SAFETY: the caller passes what the body expects.
    unsafe { c::c_call_with_left(64 * KIB, low, f, arg) }
}

/// The lines of the stack that contains `word`, from its high end down.
#[track_caller]
fn stack<'a>(picture: &'a str, word: &str) -> Vec<&'a str> {
    let lines: Vec<&str> = picture.lines().collect();
    let begin = |line: &&str| line.contains("+--") && line.contains(" stack");
    let first = lines.iter().position(|line| begin(line) && line.contains(word));
    let first = first.unwrap_or_else(|| panic!("no stack with {word}:\n{picture}"));
    let length = lines[first + 1..]
        .iter()
        .position(|line| begin(line) || line.contains("<- ") && !line.contains('|'));
    lines[first..length.map_or(lines.len(), |length| first + 1 + length)].to_vec()
}

fn address(line: &str) -> usize {
    let digits = line
        .split_whitespace()
        .next()
        .and_then(|word| word.strip_prefix("0x"))
        .expect("an address");
    usize::from_str_radix(digits, 16).expect("an address")
}

/// Where the stack of a coroutine lies: in the memory that it was given.
#[cfg(unix)]
fn extent_of_coroutine(memory: &[u8], _calling: usize) -> Range<usize> {
    memory.as_ptr().addr()..memory.as_ptr().addr() + memory.len()
}

/// Where the stack of a fiber lies, which the system has made for it: around the address that it
/// calls from.
#[cfg(windows)]
fn extent_of_coroutine(_memory: &[u8], calling: usize) -> Range<usize> {
    let extent = tests::allocation(calling);
    assert!(!extent.contains(&tests::near_sp()), "{extent:x?}");
    extent
}

// On Windows the place of a stack is the system's choice.
#[cfg(unix)]
in_both_modes! {
    fn running_body_called_from_below_is_named(mode) {
        let mut picture = String::new();
        let mut two = (uses_much::of(mode), draws::of(mode), to_c(&mut picture));
        // SAFETY: the bodies get what they expect.
        unsafe {
            c::c_call_on_thread_at(
                tests::FREE_PLACES[1],
                128 * KIB,
                CCallback(calls_two as *const c_void),
                to_c(&mut two),
            )
        };
        stack(&picture, "system stack, runs `map::draws::");
    }
}

in_both_modes! {
    fn running_body_calling_stack_and_guard_area_are_drawn(mode) {
        let mut picture = String::new();
        far_down(draws::of(mode), to_c(&mut picture));
        let lines = stack(&picture, "system stack, runs `map::draws::");
        let sp = lines.iter().find(|line| line.contains("|<- SP, ")).expect("SP is on it");
        let guard = lines.iter().find(|line| line.contains("guard area, ")).expect("a guard area");
        assert!(address(lines[0]) > address(sp) && address(sp) > address(guard), "{picture}");
        assert!(address(lines[0]) - address(guard) >= SYSTEM_STACK_BYTES, "{picture}");
        let least_guard =
            if cfg!(all(target_pointer_width = "64", not(windows))) { 1 << 20 } else { 64 * KIB };
        assert!(
            address(guard) - address(lines.last().expect("the end")) >= least_guard,
            "{picture}"
        );
        let lines = stack(&picture, "thread stack (Thread)");
        assert!(lines.iter().any(|line| line.contains("C called `map::draws::")), "{picture}");
        assert!(!lines.iter().any(|line| line.contains("SP")), "{picture}");
    }

    fn running_body_of_a_warm_callback_is_named(mode) {
        let mut picture = String::new();
        let mut two = (uses_much::of(mode), draws::of(mode), to_c(&mut picture));
        far_down(CCallback(calls_two as *const c_void), to_c(&mut two));
        stack(&picture, "system stack, runs `map::draws::");
    }

    fn body_that_waits_is_told_from_the_one_that_runs(mode) {
        let mut nested =
            Nested { inner: draws_on_a_further_stack::of(mode), picture: String::new() };
        far_down(calls_another::of(mode), to_c(&mut nested));
        let waits = stack(&nested.picture, "`map::calls_another::");
        assert!(waits[0].contains("waits for a callback"), "{}", nested.picture);
        assert!(
            waits.iter().any(|line| line.contains("C called `map::draws_on_a_further_stack::")),
            "{}",
            nested.picture
        );
        let runs = stack(&nested.picture, "runs `map::draws_on_a_further_stack::");
        assert!(runs.iter().any(|line| line.contains("|<- SP")), "{}", nested.picture);
    }

    fn suspended_body_and_foreign_stack_are_drawn(mode) {
        let mut memory = vec![0_u8; 64 * KIB];
        let mut coroutine = ptr::null_mut::<c::Coroutine>();
        // SAFETY: the memory outlives the coroutine, which the body suspends.
        unsafe {
            coroutine = c::c_coroutine_new(
                to_c(&mut memory[0]),
                memory.len(),
                suspends::of(mode),
                (&raw mut coroutine).cast(),
            );
            ptr::from_ref(&coroutine).read_volatile();
        }
        // SAFETY: it was just made.
        assert_eq!(unsafe { c::c_coroutine_resume(coroutine) }, 0);
        let picture = StackMap::current().to_string();
        stack(&picture, "system stack, `map::suspends::");
        assert!(picture.contains("is suspended, or was jumped over"), "{picture}");
        let calling = picture
            .lines()
            .find(|line| line.contains("C called `map::suspends::"))
            .expect("the calling stack");
        assert!(calling.contains("on a foreign stack of unknown bounds"), "{picture}");
        let extent = extent_of_coroutine(&memory, address(calling));
        assert!(extent.contains(&address(calling)), "{picture}");
        let size = match extent.len() / KIB {
            1024 => String::from("1 MiB"), // of a fiber
            kib => format!("{kib} KiB"),
        };
        let registered = format!("registered stack, {size}");
        let registration = register_stack(extent).expect("a slot");
        let picture = StackMap::current().to_string();
        let lines = stack(&picture, &registered);
        assert!(lines.iter().any(|line| line.contains("C called `map::suspends::")), "{picture}");
        drop(registration);
        // SAFETY: it is suspended.
        assert_eq!(unsafe { c::c_coroutine_resume(coroutine) }, 1);
        // SAFETY: it has ended.
        unsafe { c::c_coroutine_free(coroutine) };
        stack(&StackMap::current().to_string(), "system stack, idle");
    }

    #[cfg(unix)]
    fn alternate_signal_stack_is_drawn(mode) {
        let mut memory = vec![0_u8; 64 * KIB];
        // SAFETY: the memory stays until the process of this test ends.
        assert_eq!(unsafe { c::c_set_alternate_stack(to_c(&mut memory[0]), memory.len()) }, 0);
        let mut picture = String::new();
        far_down(draws::of(mode), to_c(&mut picture));
        let lines = stack(&picture, "alternate signal stack, 64 KiB");
        assert_eq!(address(lines.last().expect("its end")), memory.as_ptr().addr(), "{picture}");
        std::mem::forget(memory);
    }

    // Only these tell which pages were touched.
    #[cfg(any(target_os = "linux", windows))]
    fn use_of_a_stack_is_drawn(mode) {
        far_down(uses_much::of(mode), ptr::null_mut());
        let picture = StackMap::current().to_string();
        let line = stack(&picture, "system stack, idle")[0];
        let touched = line
            .split(", ")
            .find_map(|part| part.strip_suffix(" KiB touched"))
            .expect("it says so");
        let touched: usize = touched.parse().expect("a number");
        assert!((USED / KIB..USED / KIB + 64).contains(&touched), "{picture}");
        // One that no body runs on is idle, whichever mode this is.
        assert!(mode != tests::Mode::Plain);
    }
}
