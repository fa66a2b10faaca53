#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[guarded_callback]
#[unsafe(no_mangle)]
pub extern "C" fn ui_test_no_mangle(value: i32) -> i32 {
    value
}

#[guarded_callback]
#[unsafe(export_name = "ui_test_other_name")]
pub extern "C" fn renamed(value: i32) -> i32 {
    value
}

#[cfg_attr(target_os = "linux", unsafe(link_section = ".text.ui_test"))]
#[guarded_callback]
pub extern "C" fn placed(value: i32) -> i32 {
    value
}

unsafe extern "C" {
    #[link_name = "ui_test_other_name"]
    fn by_symbol(value: i32) -> i32;
}

fn main() {
    assert_eq!(ui_test_no_mangle(1) + renamed(1) + placed(1) + unsafe { by_symbol(1) }, 4);
}
