//! Vectors travel in registers that a callback's caller and body must agree on.
#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use guarded_callback::{guarded_callback, on_system_stack};
    use std::arch::x86_64::*;

    #[guarded_callback]
    extern "C" fn lanes(a: __m128, b: __m128) -> __m128 {
        unsafe { _mm_add_ps(a, b) }
    }

    #[guarded_callback(switch = always, fallback = a)]
    #[target_feature(enable = "avx2")]
    unsafe extern "C" fn wide(a: __m256i, b: __m256i, n: i32) -> __m256i {
        assert!(on_system_stack() && n == 3);
        _mm256_add_epi32(a, b)
    }

    struct Scale(i32);

    impl Scale {
        #[guarded_callback]
        #[target_feature(enable = "avx2")]
        extern "C" fn scaled(&self, a: __m256i) -> __m256i {
            _mm256_mullo_epi32(a, _mm256_set1_epi32(self.0))
        }

        #[guarded_callback]
        #[cfg_attr(all(), target_feature(enable = "avx2"))]
        fn with_rust_abi(a: __m256i) -> i32 {
            _mm256_extract_epi32::<1>(a)
        }
    }

    #[target_feature(enable = "avx2")]
    fn caller() {
        let one = _mm256_set1_epi32(1);
        let three = unsafe { wide(one, _mm256_set1_epi32(2), 3) };
        assert_eq!(Scale::with_rust_abi(Scale(5).scaled(three)), 15);
    }

    pub fn run() {
        let sum = unsafe { lanes(_mm_set1_ps(1.5), _mm_set1_ps(2.0)) };
        assert_eq!(unsafe { _mm_cvtss_f32(sum) }, 3.5);
        if is_x86_feature_detected!("avx2") {
            unsafe { caller() };
        }
    }
}

fn main() {
    #[cfg(target_arch = "x86_64")]
    x86_64::run();
}
