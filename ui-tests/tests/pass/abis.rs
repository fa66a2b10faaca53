#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[allow(missing_abi)]
#[guarded_callback]
extern "C" fn implied(value: i32) -> i32 {
    value
}

#[guarded_callback]
extern "C-unwind" fn unwinding(value: i32) -> i32 {
    value
}

#[guarded_callback]
extern "system" fn system(value: i32) -> i32 {
    value
}

#[guarded_callback]
extern "system-unwind" fn system_unwind(value: i32) -> i32 {
    value
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::*;

    #[guarded_callback]
    pub extern "sysv64" fn sysv64(value: i32) -> i32 {
        value
    }

    #[guarded_callback]
    pub extern "win64" fn win64(value: i32) -> i32 {
        value
    }

    #[guarded_callback]
    pub extern "efiapi" fn efiapi(value: i32) -> i32 {
        value
    }

    #[guarded_callback]
    pub extern "sysv64-unwind" fn raw_string(value: i32) -> i32 {
        value
    }
}

fn main() {
    assert_eq!(implied(1) + unwinding(1) + system(1) + system_unwind(1), 4);
    #[cfg(target_arch = "x86_64")]
    assert_eq!(x86_64::sysv64(1) + x86_64::win64(1) + x86_64::efiapi(1) + x86_64::raw_string(1), 4);
}
