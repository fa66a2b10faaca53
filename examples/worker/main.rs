//! C code that creates a thread with the smallest stack there is, and calls back from it.
//!
//! Nobody told the Rust side about the thread, or about its 16 KiB. The callback draws each wave
//! into a buffer of 256 KiB.

use core::ffi::c_void;
use core::ptr;

use guarded_callback::{guarded_callback, remaining_stack};

/// `struct sensor_reading` of library.h.
#[repr(C)]
struct Reading {
    sequence: u32,
    amplitude: f32,
    period: u32,
}

/// `struct sensor` of library.h, of which only pointers are seen here.
#[repr(C)]
struct Sensor {
    _opaque: [u8; 0],
}

/// `sensor_on_reading` of library.h.
type OnReading = unsafe extern "C" fn(reading: *const Reading, user: *mut c_void);

const SENSOR_OK: u32 = 0;
const SENSOR_UNSUPPORTED: u32 = 2;

unsafe extern "C" {
    fn sensor_open(
        readings: u32,
        on_reading: OnReading,
        user: *mut c_void,
        opened: *mut *mut Sensor,
    ) -> u32;
    fn sensor_close(sensor: *mut Sensor);
}

const READINGS: u32 = 1000;
const SAMPLES: usize = 1 << 16;

/// What the callback gathers.
#[derive(Default)]
struct Heard {
    readings: u32,
    in_order: bool,
    loudest: f32,
    room_bytes: Option<usize>,
}

impl Heard {
    #[inline(always)]
    fn add(&mut self, reading: &Reading) {
        let mut wave = [0_f32; SAMPLES];
        for (position, sample) in wave.iter_mut().enumerate() {
            let phase = (position as u32 % reading.period) as f32 / reading.period as f32;
            *sample = reading.amplitude * (1.0 - 4.0 * (phase - 0.5).abs());
        }
        self.in_order = reading.sequence == self.readings && (self.in_order || self.readings == 0);
        self.readings += 1;
        self.loudest = wave.iter().copied().fold(self.loudest, f32::max);
        self.room_bytes = remaining_stack();
    }
}

/// The callback as it would be written without the attribute.
///
/// # Safety
/// As library.h says; `user` points to a [`Heard`] that nobody else uses meanwhile.
unsafe extern "C" fn on_reading_plain(reading: *const Reading, user: *mut c_void) {
    // SAFETY: the library passes a reading that is valid for the call, and `user` as the caller of
    // this function owes it.
    unsafe { (*user.cast::<Heard>()).add(&*reading) }
}

/// The same callback with the attribute.
///
/// # Safety
/// As [`on_reading_plain`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn on_reading_guarded(reading: *const Reading, user: *mut c_void) {
    // SAFETY: as in `on_reading_plain`.
    unsafe { (*user.cast::<Heard>()).add(&*reading) }
}

/// Runs the story, with the plain callback when the argument `plain` is given.
pub(crate) fn main() {
    let plain = examples::is_plain();
    let on_reading: OnReading = if plain { on_reading_plain } else { on_reading_guarded };
    let mut heard = Heard::default();
    let mut sensor = ptr::null_mut();
    // SAFETY: `heard` is touched by nothing but the callback until `sensor_close` has waited for
    // the library's thread; `sensor` is written before the call returns.
    let status =
        unsafe { sensor_open(READINGS, on_reading, (&raw mut heard).cast(), &raw mut sensor) };
    if status == SENSOR_UNSUPPORTED {
        return println!("worker: not on this target: the library was built without threads");
    }
    assert_eq!(status, SENSOR_OK);
    // SAFETY: `sensor` comes from the `sensor_open` above, which succeeded, and is closed once.
    unsafe { sensor_close(sensor) };
    assert!(heard.in_order && heard.readings == READINGS);
    let free_mib =
        heard.room_bytes.expect("the bounds of the stack are known") as f64 / 1_048_576.0;
    println!(
        "worker: {} readings, loudest {}, {free_mib:.1} MiB left below the body",
        heard.readings, heard.loudest
    );
}
