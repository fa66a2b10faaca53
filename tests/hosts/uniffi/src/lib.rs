//! UniFFI functions with the attribute: below `#[uniffi::export]`, on functions and methods of
//! Rust's own ABI.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use modes::callback;
use support::{assert_stack_of_mode, spend};

uniffi::setup_scaffolding!();

/// What Python catches.
#[derive(Debug, uniffi::Error)]
pub enum Mistake {
    /// The number is negative.
    TooSmall {
        /// The number.
        number: i64,
    },
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::TooSmall { number } = self;
        write!(f, "{number} is too small")
    }
}

/// Uses 40 KiB of stack.
#[uniffi::export]
#[callback]
pub fn work(n: i64) -> Result<i64, Mistake> {
    assert_stack_of_mode();
    if n < 0 {
        return Err(Mistake::TooSmall { number: n });
    }
    Ok(spend::<40_000>(n) % 1000)
}

/// Uses 200 KiB of stack.
#[uniffi::export]
#[callback(reserve = "256 KiB")]
pub fn large(n: i64) -> i64 {
    spend::<200_000>(n) % 1000
}

/// Panics, which Python sees as an `InternalError`.
#[uniffi::export]
#[callback]
pub fn panics(text: String) -> String {
    assert_stack_of_mode();
    panic!("on purpose {text}")
}

/// Implemented in Python.
#[uniffi::export(with_foreign)]
pub trait Visitor: Send + Sync {
    /// Called for each number.
    fn visit(&self, number: i64) -> i64;
}

/// An object that Python holds.
#[derive(uniffi::Object)]
pub struct Counter {
    sum: AtomicI64,
}

#[uniffi::export]
impl Counter {
    /// Starts here.
    #[uniffi::constructor]
    #[callback]
    pub fn new(start: i64) -> Arc<Self> {
        assert_stack_of_mode();
        Arc::new(Self { sum: AtomicI64::new(start) })
    }

    /// Asks Python for each number.
    #[callback]
    pub fn add_all(&self, numbers: Vec<i64>, visitor: Arc<dyn Visitor>) -> i64 {
        assert_stack_of_mode();
        for number in numbers {
            self.sum.fetch_add(visitor.visit(number), Ordering::Relaxed);
        }
        self.sum.load(Ordering::Relaxed)
    }
}
