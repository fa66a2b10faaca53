//! Makes signatures from a fixed seed and writes for each a plain function, its annotated twins and
//! a caller in C.
//!
//! Types are in types.rs and vectors.rs, the functions in functions.rs. The tables that are made
//! are run by src/lib.rs.

pub mod functions;
pub mod random;
pub mod types;
pub mod vectors;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use functions::Function;
use random::Random;
use types::Types;

pub const SEED: u64 = 0x6775_6172_6465_6431;
/// Signatures of C's conventions, of Rust's own, and with vectors where the target has some.
const OF_C: usize = 1024;
const OF_RUST: usize = 64;
const WITH_VECTORS: usize = 128;
/// Test files, so that cargo compiles some at once.
pub const PARTS: usize = 4;
/// Modules in a part, so that rustc does.
const MODULES: usize = 8;
const AGGREGATES: usize = 140;

/// Writes everything into `out`. The C files and the number of signatures.
pub fn generate(out: &Path) -> (Vec<PathBuf>, usize) {
    let mut random = Random(SEED);
    let mut types = Types::new(&mut random, AGGREGATES);
    let vectors = vectors::vectors(&mut types);
    write(&out.join("types.rs"), &types.rust);
    write(&out.join("types.h"), &format!("#include \"callers.h\"\n{}", types.c));
    let with_vectors = if vectors.is_empty() { 0 } else { WITH_VECTORS };
    let signatures = OF_C + OF_RUST + with_vectors;
    let function = |number| match number {
        ..OF_C => Function::of_c(&mut random, &types, number),
        OF_C.. if number < OF_C + OF_RUST => Function::of_rust(&mut random, &types, number),
        _ => Function::with_vectors(&mut random, &types, &vectors, number),
    };
    let functions: Vec<Function> = (0..signatures).map(function).collect();
    let mut c_files = Vec::new();
    for (part, functions) in functions.chunks(signatures.div_ceil(PARTS)).enumerate() {
        let (mut rust, mut c) = (String::new(), String::from("#include \"types.h\"\n"));
        for (module, functions) in functions.chunks(functions.len().div_ceil(MODULES)).enumerate() {
            let _ = writeln!(rust, "mod module_{module} {{ use super::prelude::*;");
            for function in functions {
                rust += &function.rust();
                c += &function.c_caller();
            }
            let entries: String = functions.iter().map(Function::entry).collect();
            let _ = writeln!(rust, "pub static CASES: &[Case] = &[{entries}]; }}");
        }
        let tables: String =
            (0..MODULES).map(|module| format!("module_{module}::CASES, ")).collect();
        let _ = writeln!(rust, "pub static ALL: &[&[Case]] = &[{tables}];");
        write(&out.join(format!("part_{part}.rs")), &rust);
        let c_file = out.join(format!("part_{part}.c"));
        write(&c_file, &c);
        c_files.push(c_file);
    }
    (c_files, signatures)
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
