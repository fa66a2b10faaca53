//! expat reads a document that nests 100,000 deep, and the handler of its end draws the tree, on a
//! thread as small as musl's.
//!
//! expat itself keeps its depth on the heap. The handler walks the tree by recursion, one frame of
//! Rust for each level, and asks for 64 MiB.

use core::ffi::{c_char, c_int, c_void};

use guarded_callback::guarded_callback;
use library_examples::{is_plain, on_small_thread};

type Start =
    unsafe extern "C" fn(user: *mut c_void, name: *const c_char, attributes: *const *const c_char);
type End = unsafe extern "C" fn(user: *mut c_void, name: *const c_char);

// expat.h, of libexpat1-dev.
unsafe extern "C" {
    fn XML_ParserCreate(encoding: *const c_char) -> *mut c_void;
    fn XML_SetElementHandler(parser: *mut c_void, start: Start, end: End);
    fn XML_SetUserData(parser: *mut c_void, user: *mut c_void);
    fn XML_Parse(parser: *mut c_void, text: *const c_char, length: c_int, is_final: c_int)
    -> c_int;
    fn XML_ParserFree(parser: *mut c_void);
}

const DEPTH: usize = 100_000;

/// The tree, each element with its parts by index.
#[derive(Default)]
struct Tree {
    parts: Vec<Vec<usize>>,
    open: Vec<usize>,
    height: usize,
}

impl Tree {
    fn start(&mut self) {
        let element = self.parts.len();
        self.parts.push(Vec::new());
        if let Some(&around) = self.open.last() {
            self.parts[around].push(element);
        }
        self.open.push(element);
    }

    #[inline(always)]
    fn end(&mut self) {
        self.open.pop();
        if self.open.is_empty() {
            self.height = self.height_of(0);
        }
    }

    #[inline(never)]
    fn height_of(&self, element: usize) -> usize {
        let parts = self.parts[element].iter().map(|&part| self.height_of(part));
        core::hint::black_box(1 + parts.max().unwrap_or(0))
    }
}

/// # Safety
/// As expat calls it; `user` points to a [`Tree`].
#[guarded_callback]
unsafe extern "C" fn start(
    user: *mut c_void,
    _name: *const c_char,
    _attributes: *const *const c_char,
) {
    // SAFETY: see above.
    unsafe { (*user.cast::<Tree>()).start() }
}

/// The handler as it would be written without the attribute.
///
/// # Safety
/// As [`start`].
unsafe extern "C" fn end_plain(user: *mut c_void, _name: *const c_char) {
    // SAFETY: see above.
    unsafe { (*user.cast::<Tree>()).end() }
}

/// The same handler with the attribute.
///
/// # Safety
/// As [`start`].
#[guarded_callback(reserve = "64 MiB")]
unsafe extern "C" fn end_guarded(user: *mut c_void, _name: *const c_char) {
    // SAFETY: see above.
    unsafe { (*user.cast::<Tree>()).end() }
}

fn read(document: &str, end: End) -> Tree {
    let mut tree = Tree::default();
    // SAFETY: the parser is expat's until it is freed; the tree and the text live through the
    // calls.
    unsafe {
        let parser = XML_ParserCreate(core::ptr::null());
        assert!(!parser.is_null());
        XML_SetUserData(parser, (&raw mut tree).cast());
        XML_SetElementHandler(parser, start, end);
        assert_eq!(XML_Parse(parser, document.as_ptr().cast(), document.len() as c_int, 1), 1);
        XML_ParserFree(parser);
    }
    tree
}

fn main() {
    let document = format!("{}{}", "<e>".repeat(DEPTH), "</e>".repeat(DEPTH));
    let tree =
        on_small_thread(|| read(&document, if is_plain() { end_plain } else { end_guarded }));
    println!("expat: {} elements, the tree is {} high", tree.parts.len(), tree.height);
}
