//! One part of the generated signatures.

#[allow(
    clippy::undocumented_unsafe_blocks,
    clippy::type_complexity,
    reason = "generated: every call passes what its signature says"
)]
mod generated {
    use abi_tests::{Case, prelude};
    include!(concat!(env!("OUT_DIR"), "/part_3.rs"));
}

#[test]
fn annotated_functions_pass_the_same_bytes() {
    abi_tests::run(generated::ALL);
}
