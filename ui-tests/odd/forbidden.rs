//! Code that forbids, and is linted with all that rustc has.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    unused,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms,
    let_underscore,
    keyword_idents
)]
#![deny(
    missing_docs,
    missing_copy_implementations,
    missing_debug_implementations,
    trivial_casts,
    trivial_numeric_casts,
    unused_qualifications,
    unused_results,
    unused_lifetimes,
    unused_import_braces,
    single_use_lifetimes,
    unreachable_pub,
    variant_size_differences,
    explicit_outlives_requirements,
    meta_variable_misuse,
    non_ascii_idents,
    redundant_lifetimes,
    unit_bindings,
    macro_use_extern_crate,
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    ffi_unwind_calls,
    impl_trait_redundant_captures,
    elided_lifetimes_in_paths,
    unused_macro_rules,
    unsafe_op_in_unsafe_fn
)]
#![allow(improper_ctypes_definitions)]
use guarded_callback::guarded_callback;
/// Doc.
#[derive(Debug)]
pub struct Context {
    list: Vec<u32>,
    name: String,
}
impl Context {
    #[guarded_callback(fallback = 0, reserve = "256 KiB")]
    extern "C" fn add(&mut self, n: u32) -> usize {
        self.list.push(n);
        self.list.len()
    }
    #[guarded_callback]
    extern "C-unwind" fn name(&self) -> &str {
        &self.name
    }
    #[guarded_callback]
    fn finish(self, extra: u32) -> Vec<u32> {
        let mut list = self.list;
        list.push(extra);
        list
    }
    #[guarded_callback(switch = always, foreign = stay)]
    extern "system" fn boxed(self: Box<Self>) -> String {
        self.name
    }
}
#[guarded_callback(fallback = items.len())]
extern "C" fn sum(items: &[u32], (scale, _): (usize, u8), f: fn(u32) -> u32) -> usize {
    items.iter().map(|&x| f(x) as usize).sum::<usize>() * scale
}
#[guarded_callback]
extern "C" fn each<F: FnMut(u32) -> u32>(mut f: F, n: u32) -> u32 {
    (0..n).map(&mut f).sum()
}
#[guarded_callback(fallback = ())]
extern "C" fn nothing(_: &mut Context, _unused: u8) {}
#[guarded_callback(fallback = Err(String::new()))]
fn checked<'a>(a: &'a str, b: &'a str) -> Result<&'a str, String> {
    if a.len() > b.len() { Ok(a) } else { Err(b.to_owned()) }
}
fn main() {
    let mut c = Context { list: vec![1], name: "n".to_owned() };
    println!("{} {}", c.add(2), c.name());
    nothing(&mut c, 1);
    println!(
        "{:?} {} {} {:?}",
        c.finish(3),
        sum(&[1, 2], (3, 4), |x| x + 1),
        each(|x| x * 2, 4),
        checked("ab", "c")
    );
    println!("{}", Box::new(Context { list: vec![], name: "b".to_owned() }).boxed());
}
