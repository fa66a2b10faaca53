//! `--cfg guarded_callback_off` makes the attribute nothing: programs and libraries are byte for
//! byte the same as without it, and nothing of the runtime is in them.
#![cfg(target_os = "linux")]

mod scratch;

use scratch::{Package, without_attribute};

const SOURCE: &str = r#"//! Callbacks.
#![deny(warnings)]
#![allow(missing_docs, improper_ctypes_definitions)]
use guarded_callback as _;
use guarded_callback::guarded_callback;
#[guarded_callback(reserve = "1 MiB", switch = always, fallback = -1)]
#[unsafe(no_mangle)]
pub extern "C" fn compare(a: *const i32, b: *const i32) -> i32 {
    let l = line!();
    unsafe {
        if *a == 42 {
            panic!("forty-two at {l}")
        }
        *a - *b
    }
}
pub struct S(u32);
#[guarded_callback]
impl S {
    #[unsafe(export_name = "s_get")]
    pub extern "C" fn get(&self, n: &u32) -> u32 { self.0 + n }
    pub unsafe extern "C" fn generic<T: Into<u64>>(t: T) -> u64 { t.into() }
}
pub trait Tr {
    extern "C" fn m(&self, _: String, pair: (u8, u8)) -> u32;
    #[guarded_callback]
    fn rust(self: Box<Self>) -> u8 {
        3
    }
}
impl Tr for S {
    #[guarded_callback(fallback = 0)]
    extern "C" fn m(&self, _: String, (a, b): (u8, u8)) -> u32 { self.0 + u32::from(a + b) }
}
#[unsafe(no_mangle)]
pub fn use_it(s: S) -> u64 {
    unsafe {
        S::generic(s.0) + u64::from(s.m(String::new(), (1, 2))) + u64::from(Box::new(s).rust())
    }
}
"#;

/// A program calls all of it; of a library C may.
fn same(kind: &str) {
    let text = format!(
        "{SOURCE}/// Runs.\n\
         pub fn main() {{ println!(\"{{}}\", use_it(S(compare(&5, &2) as u32))); }}\n"
    );
    let name = format!("off-{kind}");
    for profile in ["dev", "release"] {
        let package = Package::of(&name, "2024", &[("off".to_owned(), text.clone())], kind);
        let annotated = package.linked_when_off("off", profile);
        let mut plain = without_attribute(&text);
        // In a dev build crates share what they have made of generic functions, so that the code of
        // one depends on which others there are.
        if profile != "dev" {
            plain = plain.replace("use guarded_callback as _;", "");
        }
        package.write("off", &plain);
        assert!(annotated.len() > 1_000);
        assert!(annotated == package.linked_when_off("off", profile), "{profile}");
    }
}

#[test]
fn attribute_is_nothing_in_a_program_when_it_is_turned_off() {
    same("bin");
}

#[test]
fn attribute_is_nothing_in_a_shared_object_when_it_is_turned_off() {
    same("cdylib");
}
