//! napi-rs functions with the attribute: below `#[napi]`, on functions of Rust's own ABI.

use modes::callback;
use napi::bindgen_prelude::{Error, Function, Result};
use napi_derive::napi;
use support::{assert_stack_of_mode, on_host_stack, spend};

/// Uses 40 KiB of stack.
#[napi]
#[callback]
fn work(n: i64) -> Result<i64> {
    assert_stack_of_mode();
    if n < 0 {
        return Err(Error::from_reason("too small"));
    }
    Ok(spend::<40_000>(n) % 1000)
}

/// Uses 3 MB of stack.
#[napi]
#[callback(reserve = "4 MiB")]
fn large(n: i64) -> i64 {
    spend::<3_000_000>(n) % 1000
}

/// Calls a function, from the stack that V8 knows.
#[napi]
#[callback]
fn call(f: Function<'_, (), i64>) -> Result<i64> {
    assert_stack_of_mode();
    on_host_stack(|| f.call(()))
}
