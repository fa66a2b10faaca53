//! C code that walks a tree and calls a visitor, which calls the walker for what lies below: a list
//! of 10,000 nodes, each the only child of the one before.
//!
//! C and Rust frames alternate 10,000 times. The thread has 512 KiB of stack, as threads on macOS
//! have when nobody asks for more.

use core::ffi::{c_int, c_void};
use core::ptr;
use std::thread;

use guarded_callback::{guarded_callback, stats};

/// `struct tree_node` of library.h, of which only pointers are seen here.
#[repr(C)]
struct Node {
    _opaque: [u8; 0],
}

/// `tree_visitor` of library.h.
type Visitor = unsafe extern "C" fn(child: *const Node, user: *mut c_void) -> c_int;

unsafe extern "C" {
    fn tree_add(parent: *mut Node, number: u32) -> *mut Node;
    fn tree_free(root: *mut Node);
    fn tree_number(node: *const Node) -> u32;
    fn tree_walk(node: *const Node, visit: Visitor, user: *mut c_void) -> c_int;
}

const DEPTH: u32 = 10_000;
const THREAD_STACK_BYTES: usize = 512 * 1024;

/// What the visitor gathers.
#[derive(Default)]
struct Walk {
    depth: u32,
    deepest: u32,
    nodes: u32,
    sum: u64,
}

impl Walk {
    /// Visits `child` and, by way of the library and of `visit`, everything below it.
    ///
    /// # Safety
    /// `child` is a node; `user` points to a `Walk`, to which no reference lives.
    #[inline(always)]
    unsafe fn descend(child: *const Node, visit: Visitor, user: *mut c_void) -> c_int {
        // SAFETY: `user` points to a `Walk` as the caller owes it. No reference to it lives while
        // `tree_walk` runs, which comes back here with the same pointer.
        unsafe {
            let walk = user.cast::<Self>();
            (*walk).depth += 1;
            (*walk).deepest = (*walk).deepest.max((*walk).depth);
            (*walk).nodes += 1;
            (*walk).sum += u64::from(tree_number(child));
            let result = tree_walk(child, visit, user);
            (*walk).depth -= 1;
            result
        }
    }
}

/// The visitor as it would be written without the attribute.
///
/// # Safety
/// As [`Walk::descend`].
unsafe extern "C" fn visit_plain(child: *const Node, user: *mut c_void) -> c_int {
    // SAFETY: the library passes a node and the user pointer it was given.
    unsafe { Walk::descend(child, visit_plain, user) }
}

/// The same visitor with the attribute.
///
/// # Safety
/// As [`Walk::descend`].
#[guarded_callback]
unsafe extern "C" fn visit_guarded(child: *const Node, user: *mut c_void) -> c_int {
    // SAFETY: as in `visit_plain`.
    unsafe { Walk::descend(child, visit_guarded, user) }
}

/// Builds the tree, walks it on the calling thread, and frees it.
fn walk(visit: Visitor) -> Walk {
    let mut walk = Walk::default();
    // SAFETY: every node is checked before it becomes a parent; `walk` is touched by nothing but
    // the visitor while `tree_walk` runs; the tree is freed once, after its last use.
    unsafe {
        let root = tree_add(ptr::null_mut(), 0);
        let mut deepest = root;
        for number in 1..=DEPTH {
            assert!(!deepest.is_null(), "out of memory");
            deepest = tree_add(deepest, number);
        }
        assert_eq!(tree_walk(root, visit, (&raw mut walk).cast()), 0);
        tree_free(root);
    }
    walk
}

/// Runs the story, with the plain visitor when the argument `plain` is given.
pub(crate) fn main() {
    let plain = examples::is_plain();
    let visit: Visitor = if plain { visit_plain } else { visit_guarded };
    let walker = thread::Builder::new().name("walker".to_owned()).stack_size(THREAD_STACK_BYTES);
    let walk = walker
        .spawn(move || walk(visit))
        .expect("a thread can be created")
        .join()
        .expect("the walk does not panic");
    assert_eq!(walk.sum, u64::from(DEPTH) * u64::from(DEPTH + 1) / 2);
    assert_eq!((walk.nodes, walk.depth), (DEPTH, 0));
    println!(
        "tree_walk: {} nodes, {} deep, on the thread's stack and {} more",
        walk.nodes,
        walk.deepest,
        stats().stacks_mapped
    );
}
