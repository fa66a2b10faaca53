//! C code that calls back on coroutine stacks of 16 KiB, which are not the stack of any thread.
//!
//! Eight tasks fill a tile of 256 KiB each and yield after every quarter of it, in the middle of
//! the callback. All eight bodies are suspended at the same time, so each needs a stack of its own
//! until it ends.

use core::ffi::c_void;
use std::hint::black_box;

use guarded_callback::{guarded_callback, remaining_stack};

/// `struct tasks` of library.h, of which only pointers are seen here.
#[repr(C)]
struct Tasks {
    _opaque: [u8; 0],
}

/// `tasks_entry` of library.h.
type Entry = unsafe extern "C" fn(tasks: *mut Tasks, user: *mut c_void);

const TASKS_OK: u32 = 0;
const TASKS_UNSUPPORTED: u32 = 2;

unsafe extern "C" {
    fn tasks_create() -> *mut Tasks;
    fn tasks_destroy(tasks: *mut Tasks);
    fn tasks_spawn(tasks: *mut Tasks, entry: Entry, user: *mut c_void) -> u32;
    fn tasks_run(tasks: *mut Tasks);
    fn tasks_yield(tasks: *mut Tasks);
}

const TASKS: usize = 8;
const QUARTERS: usize = 4;
const TILE_BYTES: usize = 256 * 1024;

/// What one task works on.
#[derive(Clone, Default)]
struct Tile {
    colour: u8,
    /// How many bytes had the right colour when all were filled.
    intact: usize,
    room_bytes: Option<usize>,
}

impl Tile {
    /// Fills the tile, with a yield after each quarter, and looks at the result.
    ///
    /// # Safety
    /// Runs as a task of `tasks`.
    #[inline(always)]
    unsafe fn draw(&mut self, tasks: *mut Tasks) {
        let mut pixels = [0_u8; TILE_BYTES];
        for quarter in pixels.chunks_mut(TILE_BYTES / QUARTERS) {
            quarter.fill(self.colour);
            black_box(quarter);
            // SAFETY: this code runs as a task of `tasks`, as the caller owes it.
            unsafe { tasks_yield(tasks) };
        }
        self.intact = black_box(&pixels).iter().filter(|pixel| **pixel == self.colour).count();
        self.room_bytes = remaining_stack();
    }
}

/// The callback as it would be written without the attribute.
///
/// # Safety
/// As library.h says; `user` points to a [`Tile`] that nobody else uses until the task has ended.
unsafe extern "C" fn draw_plain(tasks: *mut Tasks, user: *mut c_void) {
    // SAFETY: the library passes the scheduler whose task this is, and `user` as the caller of this
    // function owes it.
    unsafe { (*user.cast::<Tile>()).draw(tasks) }
}

/// The same callback with the attribute.
///
/// # Safety
/// As [`draw_plain`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn draw_guarded(tasks: *mut Tasks, user: *mut c_void) {
    // SAFETY: as in `draw_plain`.
    unsafe { (*user.cast::<Tile>()).draw(tasks) }
}

/// Runs a task for each tile until all have ended. Returns the last status of `tasks_spawn`.
fn draw_all(tiles: &mut [Tile], entry: Entry) -> u32 {
    let mut status = TASKS_OK;
    // SAFETY: the scheduler is checked before its use and destroyed once, when all tasks have
    // ended; each tile is given to one task.
    unsafe {
        let tasks = tasks_create();
        assert!(!tasks.is_null(), "out of memory");
        for tile in tiles {
            status = tasks_spawn(tasks, entry, (&raw mut *tile).cast());
        }
        tasks_run(tasks);
        tasks_destroy(tasks);
    }
    status
}

/// Runs the story, with the plain callback when the argument `plain` is given.
pub(crate) fn main() {
    let plain = examples::is_plain();
    let mut tiles: Vec<Tile> =
        (1..=TASKS).map(|colour| Tile { colour: colour as u8, ..Tile::default() }).collect();
    let status = draw_all(&mut tiles, if plain { draw_plain } else { draw_guarded });
    if status == TASKS_UNSUPPORTED {
        return println!("coroutine: not on this target: the library was built without ucontext");
    }
    assert_eq!(status, TASKS_OK);
    assert!(
        tiles.iter().all(|tile| tile.intact == TILE_BYTES),
        "a tile was overwritten while its task was suspended"
    );
    let rooms =
        tiles.iter().map(|tile| tile.room_bytes.expect("the bounds of the stack are known"));
    let free_mib = rooms.min().expect("there are tiles") as f64 / 1_048_576.0;
    println!(
        "coroutine: {TASKS} tasks, {} yields inside bodies, {free_mib:.1} MiB left below each body",
        TASKS * QUARTERS
    );
}
