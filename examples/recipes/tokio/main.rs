//! `block_on` inside a body: the future lives on the body's stack, and futures are large.

use std::ffi::{c_int, c_void};
use std::hint::black_box;
use std::time::Duration;

use guarded_callback::guarded_callback;
use recipes::{is_plain, library_each};
use tokio::runtime::{Builder, Runtime};

struct Client {
    runtime: Runtime,
    received: usize,
}

/// The callback without the attribute.
///
/// # Safety
/// `user` points to a [`Client`] that nobody else uses meanwhile.
unsafe extern "C" fn fetch_plain(index: c_int, user: *mut c_void) -> c_int {
    // SAFETY: the caller's promise.
    fetch_now(index, unsafe { &mut *user.cast() })
}

/// The callback.
///
/// # Safety
/// As [`fetch_plain`].
#[guarded_callback(reserve = "512 KiB")]
unsafe extern "C" fn fetch(index: c_int, user: *mut c_void) -> c_int {
    // SAFETY: the caller's promise.
    fetch_now(index, unsafe { &mut *user.cast() })
}

#[inline(never)]
fn fetch_now(index: c_int, client: &mut Client) -> c_int {
    client.received += client.runtime.block_on(request(index));
    0
}

/// A future that keeps a buffer of 128 KiB across an await.
async fn request(index: c_int) -> usize {
    let mut buffer = [0_u8; 128 * 1024];
    black_box(&mut buffer)[..index as usize].fill(1);
    tokio::time::sleep(Duration::from_millis(1)).await;
    buffer.iter().filter(|&&byte| byte == 1).count()
}

fn main() {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut client = Client { runtime, received: 0 };
    let each = if is_plain() { fetch_plain } else { fetch };
    // SAFETY: the client outlives the library's thread, which is the only one that uses it.
    let status = unsafe { library_each(50, each, (&raw mut client).cast()) };
    assert_eq!(status, 0, "the library made a thread");
    println!("tokio: 50 callbacks, {} bytes received", client.received);
}
