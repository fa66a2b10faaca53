//! How much of the stack that C calls on goes to a shim: read from its machine code, and measured
//! with a painted stack.
//!
//! `cargo test -p abi-tests --test frames -- --nocapture` prints the numbers.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::Command;

use abi_tests as _; // links the C files
use guarded_callback::guarded_callback;

/// Large, and Copy.
#[repr(C)]
#[derive(Clone, Copy)]
struct Big([u64; 8192]);

/// Large, not Copy, without drop glue.
#[repr(C)]
struct Moved([u64; 8192]);

/// Large, with drop glue.
#[repr(C)]
struct Dropped([u64; 8192]);

impl Drop for Dropped {
    fn drop(&mut self) {
        black_box(&self.0);
    }
}

/// The C functions call with a value of this size and layout.
type Measured = (&'static str, fn() -> usize);

unsafe extern "C" {
    fn measure_plain(callback: *const ()) -> usize;
    fn measure_take(callback: *const ()) -> usize;
    fn measure_give(callback: *const ()) -> usize;
    fn measure_both(callback: *const (), number: i32) -> usize;
}

/// Annotated functions of one shape, each once more with a fallback, and how C measures them.
macro_rules! shims {
    ($(
        $measure:ident($($number:literal)?) $name:ident $or_name:ident
        ($($parameter:ident: $ty:ty),*) $(-> $result:ty)? $body:block else $otherwise:expr;
    )*) => {
        $(
            #[unsafe(no_mangle)]
            #[guarded_callback(switch = always)]
            extern "C" fn $name($($parameter: $ty),*) $(-> $result)? $body

            #[unsafe(no_mangle)]
            #[guarded_callback(switch = always, fallback = $otherwise)]
            extern "C" fn $or_name($($parameter: $ty),*) $(-> $result)? $body
        )*
        const SHIMS: &[Measured] = &[$(
            // SAFETY: the C function calls what has this signature.
            (stringify!($name), || unsafe { $measure($name as *const () $(, $number)?) }),
            // SAFETY: as above.
            (stringify!($or_name), || unsafe { $measure($or_name as *const () $(, $number)?) }),
        )*];
    };
}

fn local<const BYTES: usize>(user: *mut u8) {
    let mut local = [user.addr() as u8; BYTES];
    black_box(&mut local);
}

shims! {
    measure_plain() frame_0 frame_0_or (user: *mut u8) { black_box(user); } else ();
    measure_plain() frame_1k frame_1k_or (user: *mut u8) {
        let mut local = [user.addr() as u8; 1024];
        black_box(&mut local);
    } else ();
    measure_plain() frame_16k frame_16k_or (user: *mut u8) {
        let mut local = [user.addr() as u8; 16 * 1024];
        black_box(&mut local);
    } else ();
    measure_plain() frame_200k frame_200k_or (user: *mut u8) {
        let mut local = [user.addr() as u8; 200 * 1024];
        black_box(&mut local);
    } else ();
    measure_plain() frame_inlined frame_inlined_or (user: *mut u8) {
        local::<{ 200 * 1024 }>(user);
    } else ();
    measure_take() take_copy take_copy_or (big: Big) { black_box(&big); } else ();
    measure_take() take_moved take_moved_or (big: Moved) { black_box(&big); } else ();
    measure_take() take_dropped take_dropped_or (big: Dropped) { black_box(&big); } else ();
    measure_take() take_mut take_mut_or (big: Big) {
        let mut big = big; black_box(&mut big);
    } else ();
    measure_give() give_copy give_copy_or () -> Big {
        Big(black_box([7; 8192]))
    } else Big([9; 8192]);
    measure_give() give_moved give_moved_or () -> Moved {
        Moved(black_box([7; 8192]))
    } else Moved([9; 8192]);
    measure_give() give_dropped give_dropped_or () -> Dropped {
        Dropped(black_box([7; 8192]))
    } else Dropped([9; 8192]);
    measure_both(1) both_copy both_copy_or (big: Big, number: i32) -> Big {
        black_box(number); big
    } else Big([9; 8192]);
    measure_both(1) both_moved both_moved_or (big: Moved, number: i32) -> Moved {
        black_box(number); big
    } else Moved([9; 8192]);
    measure_both(1) both_dropped both_dropped_or (big: Dropped, number: i32) -> Dropped {
        black_box(number); big
    } else Dropped([9; 8192]);
}

/// What a shim may use of the calling stack. The contract is for release builds; in a debug build
/// nothing is inlined.
const MOST_BYTES: usize = if cfg!(debug_assertions) { 4096 } else { 512 };

/// An unoptimised build copies an argument once for each of the three functions that it is moved
/// into.
fn is_too_much(name: &str, bytes: usize) -> bool {
    const VALUE_BYTES: usize = size_of::<Big>();
    let is_moved = name.starts_with("take") || name.starts_with("both");
    let most = if cfg!(debug_assertions) && is_moved {
        2 * MOST_BYTES + 3 * VALUE_BYTES
    } else {
        MOST_BYTES
    };
    bytes >= most
}

#[test]
fn machine_code_reserves_little() {
    let program = std::env::current_exe().expect("the test's own path");
    let output = Command::new("objdump").args(["-d", "--no-show-raw-insn"]).arg(program).output();
    let code = String::from_utf8(output.expect("objdump is installed").stdout)
        .expect("objdump writes UTF-8");
    let frames = frames(&code);
    let mut large = String::new();
    for (name, _) in SHIMS {
        let bytes = frames[*name];
        println!("{name:18} frame of {bytes:6} bytes");
        if is_too_much(name, bytes) {
            large += &format!("{name}: {bytes} bytes\n");
        }
    }
    assert!(large.is_empty(), "frames of {MOST_BYTES} bytes and more:\n{large}");
}

/// The bytes by which each of the shims lowers SP, from a disassembly.
fn frames(code: &str) -> BTreeMap<&str, usize> {
    let mut frames = BTreeMap::new();
    let mut current = None;
    for line in code.lines() {
        if let Some(name) =
            line.strip_suffix(">:").and_then(|line| line.split_once('<')).map(|(_, name)| name)
        {
            current = SHIMS.iter().any(|(shim, _)| *shim == name).then_some(name);
            if let Some(name) = current {
                frames.insert(name, 0);
            }
        } else if let (Some(name), Some((_, instruction))) = (current, line.split_once('\t')) {
            *frames.get_mut(name).expect("inserted with its head") += lowered(instruction);
        }
    }
    frames
}

/// By how much an instruction lowers SP, or r11: large frames are probed page by page down to the
/// address in it.
fn lowered(instruction: &str) -> usize {
    let mut words = instruction.split_whitespace();
    let (Some(name), Some(operands)) = (words.next(), words.next()) else { return 0 };
    let hexadecimal = |number: &str| usize::from_str_radix(number, 16).unwrap_or(0);
    match name {
        "push" => 8,
        "sub" => {
            let number = operands.strip_prefix("$0x").and_then(|rest| rest.split_once(",%"));
            number
                .filter(|(_, register)| ["rsp", "r11"].contains(register))
                .map_or(0, |(number, _)| hexadecimal(number))
        }
        _ => 0,
    }
}

#[test]
fn callbacks_write_little_on_the_calling_stack() {
    let mut large = String::new();
    for &(name, measure) in SHIMS {
        let thread = std::thread::Builder::new().stack_size(4 << 20);
        let calls = thread
            .spawn(move || [measure(), measure(), measure()])
            .expect("a thread")
            .join()
            .expect("it returns");
        println!("{name:18} first call {:6} bytes, warm {:6}", calls[0], calls[2]);
        if calls.iter().any(|&bytes| is_too_much(name, bytes)) {
            large += &format!("{name}: {calls:?} bytes\n");
        }
    }
    assert!(
        large.is_empty(),
        "{MOST_BYTES} bytes and more of the calling stack were written:\n{large}"
    );
}
