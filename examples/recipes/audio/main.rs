//! A real-time thread: `prepare_thread` in its first callback, and no callback that follows maps,
//! allocates or locks anything.
//!
//! Audio libraries make a small thread and call back every few milliseconds. The first callback of
//! a thread takes a stack; where the library announces the thread, that is the place to do it.

use std::ffi::{c_int, c_void};
use std::hint::black_box;

use guarded_callback::{guarded_callback, prepare_thread, stats};
use recipes::{is_plain, library_each};

const FRAMES: usize = 64;

#[derive(Default)]
struct Player {
    peak: f32,
    stacks_before: usize,
    stacks_after: usize,
}

/// The callback without the attribute.
///
/// # Safety
/// `user` points to a [`Player`] that nobody else uses meanwhile.
unsafe extern "C" fn process_plain(block: c_int, user: *mut c_void) -> c_int {
    // SAFETY: the caller's promise.
    process(block, unsafe { &mut *user.cast() })
}

/// The callback.
///
/// # Safety
/// As [`process_plain`].
#[guarded_callback(reserve = "512 KiB")]
unsafe extern "C" fn process_block(block: c_int, user: *mut c_void) -> c_int {
    // SAFETY: the caller's promise.
    process(block, unsafe { &mut *user.cast() })
}

/// What the library calls first on its thread.
///
/// # Safety
/// As [`process_plain`].
unsafe extern "C" fn process_first(block: c_int, user: *mut c_void) -> c_int {
    if block == 0 {
        prepare_thread();
        // SAFETY: the caller's promise.
        unsafe { (*user.cast::<Player>()).stacks_before = stats().stacks_mapped as usize };
    }
    // SAFETY: passed on.
    unsafe { process_block(block, user) }
}

/// A reverberation with its delay line on the stack: 256 KiB.
#[inline(never)]
fn process(block: c_int, player: &mut Player) -> c_int {
    let mut line = [0.0_f32; 64 * 1024];
    for frame in 0..FRAMES {
        let phase = (block as usize * FRAMES + frame) as f32 * 0.05;
        black_box(&mut line)[frame * 1000] = phase.sin();
        player.peak = player.peak.max(line[frame * 1000].abs());
    }
    player.stacks_after = stats().stacks_mapped as usize;
    0
}

fn main() {
    let mut player = Player::default();
    let each = if is_plain() { process_plain } else { process_first };
    // SAFETY: the player outlives the library's thread, which is the only one that uses it.
    let status = unsafe { library_each(1000, each, (&raw mut player).cast()) };
    assert_eq!(status, 0, "the library made a thread");
    let mapped = player.stacks_after - player.stacks_before;
    println!(
        "audio: 1000 blocks, peak {:.2}, {mapped} stacks mapped after the thread was prepared",
        player.peak
    );
}
