#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::guarded_callback;

    #[guarded_callback]
    #[target_feature(enable = "sse4.2")]
    pub extern "C" fn crc(value: u8) -> u32 {
        std::arch::x86_64::_mm_crc32_u8(0, value)
    }
}

fn main() {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("sse4.2") {
        assert_eq!(unsafe { x86_64::crc(0) }, 0);
    }
}
