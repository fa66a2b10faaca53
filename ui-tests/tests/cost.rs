//! What the attribute costs a build: processor time of `cargo check` and metadata, for each of a
//! thousand functions. `cargo test -p ui-tests --test cost -- --ignored --nocapture` measures and
//! tells.

mod scratch;

use std::fmt::Write as _;
use std::fs;

use scratch::Package;

const FUNCTIONS: usize = 1_000;

/// The most that one function may cost.
const CHECK_MILLISECONDS: f64 = 2.0;
const METADATA_BYTES: f64 = 4096.0;

/// A library of so many callbacks of three arguments.
fn source(annotation: &str) -> String {
    let mut text = "//! Callbacks.\n#![allow(missing_docs)]\nuse std::ffi::c_void;\n".to_owned();
    for at in 0..FUNCTIONS {
        writeln!(
            text,
            "{annotation}\npub extern \"C\" fn callback{at}\
             (context: *mut c_void, count: i32, sum: &mut u64) -> i32 {{\n    \
                *sum += count as u64;\n    if context.is_null() {{ return {at}; }}\n    \
                count + {at}\n}}"
        )
        .expect("a string takes everything");
    }
    text
}

/// Seconds that processes which have ended took, and the time in seconds where the system does not
/// tell.
fn processor_seconds() -> f64 {
    let ticks = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| {
        let fields: Vec<_> = stat.rsplit(')').next()?.split_whitespace().collect();
        Some(fields.get(13)?.parse::<f64>().ok()? + fields.get(14)?.parse::<f64>().ok()?)
    });
    let wall = || std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs_f64();
    ticks.map_or_else(wall, |ticks| ticks / 100.0)
}

/// The least time of a few runs, and the bytes of metadata.
fn measured(name: &str, annotation: &str) -> (f64, f64) {
    let text = source(annotation);
    let package = Package::new(name, "2024", &[(name.to_owned(), text.clone())]);
    assert_eq!(package.reports("check"), [""; 0]);
    let times = (0..5).map(|_| {
        package.write(name, &text);
        let before = processor_seconds();
        package.reports("check");
        processor_seconds() - before
    });
    (times.fold(f64::INFINITY, f64::min), package.metadata_bytes(name) as f64)
}

#[test]
#[ignore = "measures for half a minute, and means nothing beside other work"]
fn a_function_costs_little_to_check() {
    let (plain_time, plain_bytes) = measured("cost-plain", "");
    let (time, bytes) = measured("cost-guarded", "#[guarded_callback::guarded_callback]");
    let each = FUNCTIONS as f64;
    let (milliseconds, metadata) = ((time - plain_time) * 1e3 / each, (bytes - plain_bytes) / each);
    println!("cargo check of {FUNCTIONS} functions: {plain_time:.2} s plain, {time:.2} s guarded");
    println!(
        "for each function: {milliseconds:.2} ms of cargo check, {metadata:.0} bytes of metadata"
    );
    assert!(milliseconds <= CHECK_MILLISECONDS && metadata <= METADATA_BYTES);
}
