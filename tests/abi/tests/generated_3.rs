//! One part of the generated signatures.

#[expect(clippy::undocumented_unsafe_blocks, reason = "generated: every call passes what the signature says")]
mod generated {
    use abi_tests::{Case, prelude};
    include!(concat!(env!("OUT_DIR"), "/part_3.rs"));
}

#[test]
fn annotated_functions_pass_the_same_bytes() {
    abi_tests::run(generated::ALL);
}
