//! The documentation of an annotated function is that of the function.

mod scratch;

use scratch::Package;

const SOURCE: &str = "//! Callbacks.
#![feature(doc_cfg)]
use guarded_callback::guarded_callback;
/// Plain.
#[guarded_callback]
pub extern \"C\" fn plain() {}
/// With a value that C gets instead.
#[guarded_callback(fallback = LEAST)]
pub extern \"C\" fn with_fallback() -> i32 { 1 }
/// The value.
pub const LEAST: i32 = 0;
/// With a condition of its own.
#[cfg(not(windows))]
pub extern \"C\" fn conditional() {}
";

/// docs.rs turns `doc_cfg` on for many crates.
#[cfg(not(windows))]
#[test]
fn documentation_tells_of_no_condition() {
    let package = Package::new("documentation", "2024", &[("documented".into(), SOURCE.into())]);
    let page = |function: &str| package.documentation("documented", function);
    assert!(page("conditional").contains("Available on"), "the condition shows");
    for function in ["plain", "with_fallback"] {
        assert!(!page(function).contains("Available on"), "{}", page(function));
    }
}
