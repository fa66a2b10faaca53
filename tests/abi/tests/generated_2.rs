//! One part of the generated signatures.

#![allow(
    clippy::too_many_arguments,
    reason = "functions of Rust's own ABI have as many as the generator gives them"
)]

#[allow(
    clippy::undocumented_unsafe_blocks,
    clippy::type_complexity,
    improper_ctypes_definitions,
    reason = "generated: every call passes what its signature says, vectors as well"
)]
mod generated {
    use abi_tests::{Case, prelude};
    include!(concat!(env!("OUT_DIR"), "/part_2.rs"));
}

#[test]
fn annotated_functions_pass_the_same_bytes() {
    abi_tests::run(generated::ALL);
}
