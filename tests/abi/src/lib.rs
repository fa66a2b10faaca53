//! Runs the generated cases: every signature with a plain and with annotated functions, called from
//! C with known bytes.
//!
//! A body hands the bytes of every argument to [`received`] and returns what [`answer`] points to.
//! So a call is right when the bytes that arrived are those that were sent, when the bytes that
//! came back are those of the answer, and when the same values were dropped in the same order.
//! Padding is not compared: no ABI carries it.
//!
//! `RUSTFLAGS=-Ctarget-cpu=native cargo test -p abi-tests` passes wide vectors to functions without
//! `target_feature` as well.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::panic;
use std::sync::Once;

/// The generated types.
#[allow(missing_docs, reason = "generated: S12 and U13 say nothing more")]
pub mod types {
    /// What pointers point to.
    pub struct Opaque;
    /// What function pointers point to; nobody calls it.
    pub type Callee = extern "C" fn(i32) -> i32;
    use crate::dropped;
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

/// What a generated module uses.
pub mod prelude {
    pub use crate::types::*;
    pub use crate::{Annotated, Case, answer, otherwise, received};
    pub use guarded_callback::guarded_callback;
}

/// One signature.
pub struct Case {
    /// The number in the functions' names.
    pub number: usize,
    /// The signature as text.
    pub signature: &'static str,
    /// Whether this processor has the vectors in it.
    pub runs: fn() -> bool,
    /// Reads the arguments from `input`, calls `function` and writes its result to `output`.
    pub call: unsafe extern "C" fn(function: *const (), input: *const u8, output: *mut u8),
    /// The function without the attribute.
    pub plain: *const (),
    /// The same with it.
    pub annotated: [Annotated; 2],
    /// A letter for each byte of the arguments: `x` any value, `b` a bool, `.` padding.
    pub arguments: &'static [u8],
    /// The same for the result.
    pub result: &'static [u8],
}

/// A function with the attribute.
pub struct Annotated {
    /// The function.
    pub function: *const (),
    /// `switch = always`, otherwise `when_low`.
    pub always: bool,
    /// With `fallback`.
    pub fallback: bool,
}

// SAFETY: the pointers are to functions.
unsafe impl Sync for Case {}
// SAFETY: as for `Case`.
unsafe impl Sync for Annotated {}

/// What a body has seen and what it shall do.
#[derive(Default)]
struct World {
    received: Vec<u8>,
    dropped: Vec<u32>,
    on_system_stack: bool,
    /// Where the body's frame lies.
    frame: usize,
    panics: bool,
    /// Not in the thread's own memory, which Windows aligns to 16 at most.
    answer: Box<Answer>,
    otherwise: Box<Answer>,
}

/// A result, aligned for every type.
#[repr(align(64))]
struct Answer([u8; 256]);

impl Default for Answer {
    fn default() -> Self {
        Self([0; 256])
    }
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

/// A body reports an argument.
///
/// # Safety
/// `size` bytes can be read at `argument`, but for padding.
pub unsafe fn received(argument: *const u8, size: usize) {
    WORLD.with_borrow_mut(|world| {
        for offset in 0..size {
            // SAFETY: see above; padding is read as whatever lies there, with `read_volatile` so
            // that it is some byte.
            world.received.push(unsafe { argument.add(offset).read_volatile() });
        }
    });
}

/// The drop of a type that has one.
pub fn dropped(number: u32) {
    WORLD.with_borrow_mut(|world| world.dropped.push(number));
}

/// A body asks what to return; where it shall panic it does so here.
///
/// # Safety
/// What is read there is of the type that the case returns.
pub unsafe fn answer() -> *const u8 {
    let (answer, panics) = WORLD.with_borrow_mut(|world| {
        world.on_system_stack = guarded_callback::on_system_stack();
        world.frame = (&raw const world).addr();
        (world.answer.0.as_ptr(), world.panics)
    });
    assert!(!panics, "this body panics");
    answer
}

/// A fallback asks what to return.
pub fn otherwise() -> *const u8 {
    WORLD.with_borrow(|world| world.otherwise.0.as_ptr())
}

/// What came of a call.
#[derive(PartialEq, Debug)]
struct Outcome {
    received: Vec<u8>,
    returned: Vec<u8>,
    dropped: Vec<u32>,
}

impl Case {
    /// Calls one of the functions from C.
    fn call(&self, function: *const (), salt: u8, panics: bool) -> Outcome {
        let arguments = values(self.arguments, salt);
        let mut returned = Answer([0xEE; 256]);
        WORLD.with_borrow_mut(|world| {
            world.received.clear();
            world.dropped.clear();
            world.panics = panics;
            fill(&mut world.answer, &values(self.result, salt ^ 0x55));
            fill(&mut world.otherwise, &values(self.result, salt ^ 0x33));
        });
        // SAFETY: the generator has made the caller for this function; the buffers are as large as
        // their masks say.
        unsafe { (self.call)(function, arguments.as_ptr(), returned.0.as_mut_ptr()) };
        WORLD.with_borrow_mut(|world| Outcome {
            received: masked(self.arguments, &world.received),
            returned: masked(self.result, &returned.0[..self.result.len()]),
            dropped: std::mem::take(&mut world.dropped),
        })
    }

    /// Calls the plain and an annotated function and says where they differ.
    fn compare(&self, annotated: &Annotated, when: &str, report: &mut String) {
        let mut salt = self.number as u8;
        let mut complain = |what: &str| {
            let Annotated { always, fallback, .. } = *annotated;
            let (number, signature) = (self.number, self.signature);
            let _ = writeln!(
                report,
                "{number}, always: {always}, fallback: {fallback}, {when}: {what}\n    {signature}"
            );
        };
        for call in ["first", "second"] {
            salt = salt.wrapping_add(101);
            // The plain one is first, so that a signature that the test does not understand is not
            // blamed on the attribute.
            let expected = self.call(self.plain, salt, false);
            let seen = self.call(annotated.function, salt, false);
            let (switched, frame) = WORLD.with_borrow(|world| (world.on_system_stack, world.frame));
            if expected.received != masked(self.arguments, &values(self.arguments, salt))
                || expected.returned != masked(self.result, &values(self.result, salt ^ 0x55))
            {
                complain(
                    "the plain function is wrong: the test does not understand this signature",
                );
            } else if seen != expected {
                complain(&format!("{call} call: annotated {seen:02x?}, plain {expected:02x?}"));
            }
            if switched != annotated.always {
                complain(&format!("{call} call: on a system stack: {switched}"));
            }
            if cfg!(windows) && switched && when == FIRST && frame > (&raw const salt).addr() {
                complain("the system stack lies above: the fast path does not change to it");
            }
        }
        if annotated.fallback {
            let seen = self.call(annotated.function, salt, true);
            if seen.returned != masked(self.result, &values(self.result, salt ^ 0x33)) {
                complain(&format!("panicking: {seen:02x?}"));
            }
        }
    }
}

const FIRST: &str = "on the test's thread";

fn fill(answer: &mut Answer, bytes: &[u8]) {
    answer.0[..bytes.len()].copy_from_slice(bytes);
}

/// Bytes for a mask: different at each place, for each salt, and never zero where any byte will do.
fn values(mask: &[u8], salt: u8) -> Vec<u8> {
    let mut state = u32::from(salt).wrapping_mul(0x9E37_79B9) | 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    mask.iter()
        .map(|&letter| match letter {
            b'b' => next() & 1,
            _ => next().max(1),
        })
        .collect()
}

fn masked(mask: &[u8], bytes: &[u8]) -> Vec<u8> {
    assert_eq!(mask.len(), bytes.len());
    mask.iter().zip(bytes).map(|(&letter, &byte)| if letter == b'.' { 0 } else { byte }).collect()
}

/// Runs the cases on this thread, and each once more on a thread of its own.
///
/// # Panics
/// When an annotated function behaves in another way than the plain one.
pub fn run(tables: &[&[Case]]) {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !WORLD.with_borrow(|world| world.panics) {
                usual(info);
            }
        }));
    });
    println!("seed {}, {} signatures in all parts", env!("ABI_SEED"), env!("ABI_SIGNATURES"));
    let report = above_free_space(|| compare_all(tables));
    assert!(report.is_empty(), "\n{report}");
}

fn compare_all(tables: &[&[Case]]) -> String {
    let mut report = String::new();
    for case in tables.iter().copied().flatten() {
        if !(case.runs)() {
            println!("not on this processor: {} {}", case.number, case.signature);
            continue;
        }
        for annotated in &case.annotated {
            case.compare(annotated, FIRST, &mut report);
            std::thread::scope(|scope| {
                scope.spawn(|| case.compare(annotated, "on a fresh thread", &mut report));
            });
        }
    }
    report
}

#[cfg(not(windows))]
fn above_free_space<R>(run: impl FnOnce() -> R) -> R {
    run()
}

/// Runs on a thread with free addresses below its stack, where the fast path can change to a system
/// stack. The system gives away the lowest addresses first, so that other threads have none.
#[cfg(windows)]
fn above_free_space<R: Send>(run: impl FnOnce() -> R + Send) -> R {
    use core::ffi::c_void;
    use core::ptr;

    unsafe extern "system" {
        fn VirtualAlloc(at: *const c_void, bytes: usize, kind: u32, access: u32) -> *mut c_void;
        fn VirtualFree(at: *mut c_void, bytes: usize, kind: u32) -> i32;
    }
    const BYTES: usize = 64 << 20;
    const MEM_RESERVE: u32 = 0x2000;
    const MEM_RELEASE: u32 = 0x8000;
    const PAGE_NOACCESS: u32 = 1;
    // SAFETY: these are addresses that nobody uses.
    let space = unsafe { VirtualAlloc(ptr::null(), BYTES, MEM_RESERVE, PAGE_NOACCESS) };
    let space = space.expose_provenance();
    let run = move || {
        let space = ptr::with_exposed_provenance_mut(space);
        // SAFETY: the space was reserved for this thread, and nobody uses it.
        assert_ne!(unsafe { VirtualFree(space, 0, MEM_RELEASE) }, 0, "no space was reserved");
        run()
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(BYTES).spawn_scoped(scope, run);
        thread.expect("a thread starts").join().expect("it reports what is wrong")
    })
}
