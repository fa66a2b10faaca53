//! zlib asks for memory through callbacks of ours, on a thread as small as musl's.
//!
//! An allocator that writes a report of each request needs room to format it: 256 KiB here.

use core::ffi::{c_int, c_uint, c_void};
use core::fmt::Write;
use core::mem::MaybeUninit;
use std::alloc::{Layout, alloc_zeroed, dealloc};

use guarded_callback::guarded_callback;
use library_examples::{is_plain, on_small_thread};
use libz_sys as zlib;

const REPORT_BYTES: usize = 256 * 1024;

/// What the allocator keeps.
#[derive(Default)]
struct Ledger {
    allocations: usize,
    bytes: usize,
    in_use: usize,
    reported: usize,
}

/// A report on the stack.
struct Report {
    text: [u8; REPORT_BYTES],
    used: usize,
}

impl Write for Report {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.used + text.len();
        self.text.get_mut(self.used..end).ok_or(core::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}

/// In front of each block: its size, and padding to the alignment of everything.
const HEAD: usize = 16;

impl Ledger {
    fn layout(bytes: usize) -> Layout {
        Layout::from_size_align(bytes + HEAD, HEAD)
            .expect("zlib asks for less than half of the address space")
    }

    #[inline(always)]
    fn allocate(&mut self, items: c_uint, size: c_uint) -> *mut c_void {
        let mut report = Report { text: [0; REPORT_BYTES], used: 0 };
        let bytes = items as usize * size as usize;
        self.allocations += 1;
        self.bytes += bytes;
        self.in_use += 1;
        writeln!(report, "{items} items of {size} bytes, {} bytes in all", self.bytes)
            .expect("the report has room");
        self.reported += core::hint::black_box(&report).used;
        // SAFETY: the layout is not empty, and the head lies inside of the block.
        unsafe {
            let block = alloc_zeroed(Self::layout(bytes));
            block.cast::<usize>().write(bytes);
            block.add(HEAD).cast()
        }
    }

    /// # Safety
    /// `address` comes from [`Ledger::allocate`] and is given back once.
    unsafe fn release(&mut self, address: *mut c_void) {
        self.in_use -= 1;
        // SAFETY: see above.
        unsafe {
            let block = address.cast::<u8>().sub(HEAD);
            dealloc(block, Self::layout(block.cast::<usize>().read()));
        }
    }
}

/// The allocator as it would be written without the attribute.
///
/// # Safety
/// `ledger` is what the stream was set up with.
unsafe extern "C" fn allocate_plain(
    ledger: *mut c_void,
    items: c_uint,
    size: c_uint,
) -> *mut c_void {
    // SAFETY: see above.
    unsafe { (*ledger.cast::<Ledger>()).allocate(items, size) }
}

/// The same allocator with the attribute; no memory where it cannot run.
///
/// # Safety
/// As [`allocate_plain`].
#[guarded_callback(reserve = "300 KiB", fallback = core::ptr::null_mut())]
unsafe extern "C" fn allocate_guarded(
    ledger: *mut c_void,
    items: c_uint,
    size: c_uint,
) -> *mut c_void {
    // SAFETY: see above.
    unsafe { (*ledger.cast::<Ledger>()).allocate(items, size) }
}

/// # Safety
/// As zlib calls it, with an address from the allocator.
#[guarded_callback]
unsafe extern "C" fn release(ledger: *mut c_void, address: *mut c_void) {
    // SAFETY: see above.
    unsafe { (*ledger.cast::<Ledger>()).release(address) }
}

/// Compresses zeroes; returns how many bytes come out.
fn compress(allocate: zlib::alloc_func) -> (usize, Ledger) {
    let mut ledger = Ledger::default();
    let mut output = vec![0_u8; 4096];
    let input = vec![0_u8; 1 << 20];
    let mut stream = MaybeUninit::<zlib::z_stream>::zeroed();
    // SAFETY: zlib reads the fields set here; a zeroed rest is what it expects. The buffers live
    // through the calls.
    unsafe {
        let stream = stream.as_mut_ptr();
        (&raw mut (*stream).zalloc).write(allocate);
        (&raw mut (*stream).zfree).write(release);
        (*stream).opaque = (&raw mut ledger).cast();
        let size = size_of::<zlib::z_stream>() as c_int;
        assert_eq!(zlib::deflateInit_(stream, 9, zlib::zlibVersion(), size), zlib::Z_OK);
        (*stream).next_in = input.as_ptr().cast_mut();
        (*stream).avail_in = input.len() as c_uint;
        (*stream).next_out = output.as_mut_ptr();
        (*stream).avail_out = output.len() as c_uint;
        assert_eq!(zlib::deflate(stream, zlib::Z_FINISH), zlib::Z_STREAM_END);
        let written = (*stream).total_out as usize;
        assert_eq!(zlib::deflateEnd(stream), zlib::Z_OK);
        (written, ledger)
    }
}

fn main() {
    let (written, ledger) =
        on_small_thread(|| compress(if is_plain() { allocate_plain } else { allocate_guarded }));
    assert!(ledger.in_use == 0 && ledger.reported > 0);
    println!("zlib: 1048576 bytes became {written}, {} allocations reported", ledger.allocations);
}
