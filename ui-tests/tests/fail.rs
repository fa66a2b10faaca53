//! Every mistake has its message, on the token that is wrong. `TRYBUILD=overwrite cargo test -p
//! ui-tests --test fail` accepts new texts.

#[test]
fn mistakes_are_explained_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("tests/fail/*/*.rs");
}
