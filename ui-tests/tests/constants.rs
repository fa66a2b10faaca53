//! Sizes that only the compiler can evaluate are refused when the function is built.

mod scratch;

use scratch::Package;

fn reports(name: &str, size: &str) -> Vec<String> {
    let text = format!(
        "use guarded_callback::guarded_callback;\n\npub const SIZE: usize = {size};\n\n\
         #[guarded_callback(reserve = SIZE)]\npub extern \"C\" fn callback() {{}}\n",
    );
    Package::new(name, "2024", &[(name.to_owned(), text)]).reports("build")
}

#[test]
fn constant_of_zero_bytes_is_refused() {
    let reports = reports("zero", "0");
    assert!(reports.iter().any(|report| report.contains("E0080")), "{reports:?}");
}

#[test]
fn constant_beyond_any_stack_is_refused() {
    let reports = reports("absurd", "usize::MAX / 2");
    assert!(reports.iter().any(|report| report.contains("E0080")), "{reports:?}");
}

#[test]
fn constant_of_an_ordinary_size_is_accepted() {
    assert_eq!(reports("ordinary", "64 << 10"), [""; 0]);
}
