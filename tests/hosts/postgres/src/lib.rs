//! Functions for PostgreSQL: down, back into SQL, and errors, which jump over bodies.

use std::ffi::{c_char, c_int, c_long};

use modes::callback;
use support::{assert_stack_of_mode, on_host_stack, spend};

#[repr(C)]
struct Argument {
    value: i64,
    is_null: bool,
}
#[repr(C)]
struct Call {
    words: [usize; 3],
    collation: u32,
    is_null: bool,
    count: i16,
    arguments: [Argument; 1],
}

#[repr(C)]
struct Magic {
    bytes: c_int,
    version: c_int,
    most_arguments: c_int,
    most_keys: c_int,
    name_bytes: c_int,
    is_float8_by_value: c_int,
    abi: [u8; 32],
}

unsafe extern "C" {
    fn SPI_connect() -> c_int;
    fn SPI_execute(command: *const c_char, read_only: bool, count: c_long) -> c_int;
    fn SPI_finish() -> c_int;
    fn check_stack_depth();
}

#[unsafe(no_mangle)]
extern "C" fn Pg_magic_func() -> *const Magic {
    const ABI: &[u8; 10] = b"PostgreSQL";
    let mut abi = [0; 32];
    abi[..10].copy_from_slice(ABI);
    Box::leak(Box::new(Magic {
        bytes: size_of::<Magic>() as c_int,
        version: env!("PG_MAJOR").parse::<c_int>().expect("a number") * 100,
        most_arguments: 100,
        most_keys: 32,
        name_bytes: 64,
        is_float8_by_value: 1,
        abi,
    }))
}

/// Says that a function is called by version 1 of the convention.
macro_rules! version_1 {
    ($($name:ident),*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> *const c_int { &1 }
    )*};
}
version_1!(pg_finfo_host_work, pg_finfo_host_check, pg_finfo_host_sql, pg_finfo_host_descend);

unsafe fn argument(call: *const Call) -> i64 {
    // SAFETY: the functions are strict and have an argument.
    unsafe { (*call).arguments[0].value }
}

/// Runs a command; an error in it jumps out of here.
unsafe fn run(command: *const c_char) {
    // SAFETY: the text ends with NUL.
    on_host_stack(|| unsafe {
        SPI_connect();
        SPI_execute(command, false, 0);
        SPI_finish();
    });
}

/// Uses 40 KiB of stack.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_work(call: *mut Call) -> i64 {
    assert_stack_of_mode();
    // SAFETY: PostgreSQL calls with one int8.
    spend::<40_000>(unsafe { argument(call) }) % 1000
}

/// Asks whether the stack is too deep, from the stack that PostgreSQL knows.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_check(call: *mut Call) -> i64 {
    assert_stack_of_mode();
    // SAFETY: an error jumps over frames without destructors.
    on_host_stack(|| unsafe { check_stack_depth() });
    // SAFETY: PostgreSQL calls with one int8.
    unsafe { argument(call) }
}

/// Divides 1 by its argument, in SQL.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_sql(call: *mut Call) -> i64 {
    assert_stack_of_mode();
    // SAFETY: PostgreSQL calls with one int8; an error jumps over frames without destructors.
    unsafe {
        let n = argument(call);
        run(if n == 0 { c"select 1 / 0" } else { c"select 1 / 1" }.as_ptr());
        n
    }
}

/// Calls itself with n - 1, in SQL.
#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn host_descend(call: *mut Call) -> i64 {
    assert_stack_of_mode();
    // SAFETY: PostgreSQL calls with one int8; an error jumps over frames without destructors.
    unsafe {
        let n = argument(call);
        if n > 0 {
            let mut command = [0_u8; 64];
            let start = b"select host_descend(";
            command[..start.len()].copy_from_slice(start);
            let mut at = start.len();
            let mut power = 1_000_000;
            while power > 0 {
                command[at] = b'0' + ((n - 1) / power % 10) as u8;
                at += 1;
                power /= 10;
            }
            command[at] = b')';
            run(command.as_ptr().cast());
        }
        n
    }
}
