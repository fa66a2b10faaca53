//! The types that travel in vector registers, and what a function needs to take them.

use crate::types::{Byte, Leaf, Type, Types};

/// Vectors by their size, where C and Rust can pass them: to C only the size counts.
const X86_64: [(usize, &[&str]); 3] = [
    (16, &["__m128", "__m128d", "__m128i", "__m128bh", "__m128h"]),
    (32, &["__m256", "__m256d", "__m256i", "__m256bh", "__m256h"]),
    (64, &["__m512", "__m512d", "__m512i", "__m512bh", "__m512h"]),
];
const AARCH64: [(usize, &[&str]); 2] = [
    (8, &["float32x2_t", "float64x1_t", "int8x8_t", "uint16x4_t", "int32x2_t", "uint64x1_t"]),
    (16, &["float32x4_t", "float64x2_t", "int8x16_t", "uint16x8_t", "int32x4_t", "poly8x16_t"]),
];

/// The vectors of the target, and of each size the structs and the union that a calling convention
/// treats in a way of their own. None where stable Rust has none, or the C compiler has them
/// by flags alone.
pub fn vectors(types: &mut Types) -> Vec<Type> {
    let sizes: &[(usize, &[&str])] = match target_arch().as_str() {
        "x86_64" => &X86_64,
        "aarch64" => &AARCH64,
        _ => &[],
    };
    let mut all = Vec::new();
    for (size, names) in sizes {
        let (arch, names_in_rust) = (target_arch(), names.join(", "));
        types.rust += &format!("pub use core::arch::{arch}::{{{names_in_rust}}};\n");
        let attributes = format!("vector_size({size}), aligned({size})");
        types.c += &format!("typedef uint8_t V{size} __attribute__(({attributes}));\n");
        all.extend(names.iter().map(|name| of(name.to_string(), format!("V{size}"), *size, *size)));
        all.extend(aggregates(types, *size, names[0]));
    }
    all
}

/// One vector alone, as many as AArch64 takes apart, one beside a number, and one of two minds.
fn aggregates(types: &mut Types, size: usize, vector: &str) -> Vec<Type> {
    let fields = [
        ("One", "struct", 1, format!("a: {vector}"), format!("V{size} a;")),
        ("Two", "struct", 2, format!("a: {vector}, b: {vector}"), format!("V{size} a, b;")),
        ("Array", "struct", 4, format!("a: [{vector}; 4]"), format!("V{size} a[4];")),
        (
            "Beside",
            "struct",
            2,
            format!("a: {vector}, b: [u8; {size}]"),
            format!("V{size} a; uint8_t b[{size}];"),
        ),
        (
            "Either",
            "union",
            1,
            format!("a: {vector}, b: [u8; {size}]"),
            format!("V{size} a; uint8_t b[{size}];"),
        ),
    ];
    let made = fields.map(|(name, kind, count, rust, c)| {
        let name = format!("{name}V{size}");
        types.rust +=
            &format!("#[repr(C)] #[derive(Clone, Copy)] pub {kind} {name} {{ {rust} }}\n");
        types.c += &format!("typedef {kind} {{ {c} }} {name};\n");
        let ty = of(name.clone(), name, count * size, size);
        types.define(&ty);
        ty
    });
    made.into()
}

fn of(rust: String, c: String, bytes: usize, vector: usize) -> Type {
    Type {
        rust,
        c,
        bytes: vec![Byte::Any; bytes],
        align: vector,
        copy: true,
        over_aligned: false,
        has_i128: false,
        leaves: vec![Leaf::Other],
        has_odd_part: false,
        vector,
    }
}

/// What a function in C must enable to take vectors of so many bytes.
pub fn needed_in_c(bytes: usize) -> Option<&'static str> {
    match (target_arch().as_str(), bytes) {
        ("x86_64", 32) => Some("avx"),
        ("x86_64", 64) => Some("avx512f"),
        _ => None,
    }
}

/// The same in Rust, which RUSTFLAGS may have enabled it for.
pub fn needed(bytes: usize) -> Option<&'static str> {
    let enabled = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    needed_in_c(bytes).filter(|needed| !enabled.split(',').any(|enabled| enabled == *needed))
}

/// A feature that no vector of so many bytes needs, and that changes nothing about them.
pub fn further(bytes: usize) -> Option<&'static str> {
    match (target_arch().as_str(), bytes) {
        ("x86_64", 0..=16) => Some("sse4.2"),
        ("x86_64", 32) => Some("avx2"),
        ("x86_64", 64) => Some("avx512f"),
        ("aarch64", _) => Some("dotprod"),
        _ => None,
    }
}

/// How Rust asks at run time.
pub fn is_detected(feature: &str) -> String {
    let arch = target_arch();
    let arch = if arch == "x86_64" { "x86" } else { &arch };
    format!("std::arch::is_{arch}_feature_detected!({feature:?})")
}

fn target_arch() -> String {
    std::env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets it")
}
