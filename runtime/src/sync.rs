//! The atomics of what several threads may do with a stack at the same time: tests/loom has others
//! in their place, which try every order.

pub(crate) use core::sync::atomic::{AtomicUsize, Ordering};
