//! The atomics of what threads share: those of `core`, which unit tests replace to try orders of events (sync/model.rs).

#[cfg(not(all(test, target_os = "linux", target_env = "gnu", target_arch = "x86_64", not(miri))))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize};

#[cfg(all(test, target_os = "linux", target_env = "gnu", target_arch = "x86_64", not(miri)))]
pub(crate) use model::{AtomicBool, AtomicPtr, AtomicUsize};

#[cfg(all(test, target_os = "linux", target_env = "gnu", target_arch = "x86_64", not(miri)))]
pub(crate) mod model;
