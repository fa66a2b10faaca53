//! The guide: one page for each question that the author of a binding has.
//!
//! | page | question |
//! |---|---|
//! | [`getting_started`] | how do I protect my first callback? |
//! | [`choosing`] | this crate, stacker, recursive, a bigger thread or a coroutine crate? |
//! | [`options`] | which `reserve`, which `switch`, which `foreign`, which `fallback`? |
//! | [`sizing`] | how large must `reserve` be? |
//! | [`hosts`] | what does the library or virtual machine that calls me do with stacks? |
//! | [`troubleshooting`] | it still overflows, aborts, or the host complains: what now? |
//! | [`costs`] | what does it cost, and how is that counted? |
//! | [`debugging`] | what do gdb, perf, sanitizers and crash reports show? |
//! | [`migrating`] | I use stacker, recursive or a wrapper of my own: what changes? |
//! | [`safety`] | what do I promise, and what does the crate promise? |
//! | [`limits`] | what does it not protect against? |
//! | [`how_it_works`] | what happens between C's call and my code? |
//! | [`platforms`] | where was it tried, and how does it know where a stack ends? |
//!
//! The pages are part of the package (folder `guide`) and of `cargo doc`, so they can be read
//! offline. This module exists in the documentation only.

#[doc = include_str!("../guide/getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("../guide/choosing.md")]
pub mod choosing {}

#[doc = include_str!("../guide/options.md")]
pub mod options {}

#[doc = include_str!("../guide/sizing.md")]
pub mod sizing {}

#[doc = include_str!("../guide/hosts.md")]
pub mod hosts {}

#[doc = include_str!("../guide/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("../guide/costs.md")]
pub mod costs {}

#[doc = include_str!("../guide/debugging.md")]
pub mod debugging {}

#[doc = include_str!("../guide/migrating.md")]
pub mod migrating {}

#[doc = include_str!("../guide/safety.md")]
pub mod safety {}

#[doc = include_str!("../guide/limits.md")]
pub mod limits {}

#[doc = include_str!("../guide/how_it_works.md")]
pub mod how_it_works {}

#[doc = include_str!("../guide/platforms.md")]
pub mod platforms {}

/// The example of the README is run with the others.
#[cfg(all(doctest, unix))]
#[doc = include_str!("../../README.md")]
pub mod readme {}
