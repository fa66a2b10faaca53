//! The guide: one page for each question that the author of a binding has.
//!
//! | page | question |
//! |---|---|
//! | [`getting_started`] | how do I protect my first callback? |
//! | [`choosing`] | this crate, stacker, recursive, a bigger thread or a coroutine crate? |
//! | [`options`] | which `reserve`, which `switch`, which `foreign`, which `fallback`? |
//! | [`sizing`] | how large must `reserve` be? |
//! | [`recipes`] | how do I do it in PyO3, napi-rs, Ruby, Tokio, C++ ..? |
//! | [`testing`] | how do I test on small stacks, here and in CI? |
//! | [`hosts`] | what does the library or virtual machine that calls me do with stacks? |
//! | [`troubleshooting`] | it still overflows, aborts, or the host complains: what now? |
//! | [`costs`] | what does it cost, and how is that counted? |
//! | [`debugging`] | what do gdb, perf, sanitizers and crash reports show? |
//! | [`features`] | which cargo features, settings and variables are there? |
//! | [`migrating`] | I use stacker, recursive or a wrapper of my own: what changes? |
//! | [`safety`] | what do I promise, and what does the crate promise? |
//! | [`limits`] | what does it not protect against? |
//! | [`how_it_works`] | what happens between C's call and my code? |
//! | [`glossary`] | what does a word mean? |
//! | [`platforms`] | where was it tried, and how does it know where a stack ends? |
//!
//! The pages are part of the package (folder `guide`) and of `cargo doc`, so they can be read
//! offline. This module exists in the documentation only.

// Pages link to files beside them, for those who read them as files. The first definition of a link
// counts: here it leads to the item or the page of this documentation.
macro_rules! pages {
    ($($page:ident)*) => { $(
        #[doc = include_str!("../guide/rustdoc_links.txt")]
        #[doc = include_str!(concat!("../guide/", stringify!($page), ".md"))]
        pub mod $page {}
    )* };
}

pages! {
    getting_started choosing options sizing recipes testing hosts troubleshooting debugging features
    migrating safety limits how_it_works glossary platforms
}

#[doc = include_str!("../guide/rustdoc_links.txt")]
#[doc = include_str!("../guide/costs.md")]
#[doc = include_str!("../guide/cost.svg")]
pub mod costs {}

/// The example of the README is run with the others.
#[cfg(all(doctest, unix))]
#[doc = include_str!("../../README.md")]
pub mod readme {}
