//! Everything that the attribute accepts, each case under `deny(warnings)`, built and run.

#[test]
fn accepted_forms_compile_without_warnings_and_run() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}
