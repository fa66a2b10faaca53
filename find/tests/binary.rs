//! What `binary` finds: 200 functions without a shim are planted among guarded ones, in a program
//! and in a shared library, and each must be found.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const PLANTED: usize = 200;
const GUARDED: usize = 60;

/// Ways to write a function that C can call, each with `{i}` for its number, `{c}` for `extern
/// "C" fn` and `{t}` for the types; no two have the same
/// code, which the compiler would merge. What stands behind `=>` is an expression for a pointer to
/// it.
const WAYS: [&str; 20] = [
    "#[unsafe(no_mangle)] pub {c} f{i}{t} { a ^ {i} } => f{i}",
    "#[unsafe(no_mangle)] pub {c} f{i}{t} { say(a + 1000 + {i}) } => f{i}",
    "{c} f{i}{t} { a.wrapping_mul({i} | 1) } => f{i}",
    "{c} f{i}{t} { say(a + 2000 + {i}) } => f{i}",
    r#"extern "C-unwind" fn f{i}{t} { say(a + 3000 + {i}) } => f{i}"#,
    r#"extern "system" fn f{i}{t} { say(a + 4000 + {i}) } => f{i}"#,
    "struct S{i}; impl S{i} { {c} f{i}{t} { say(a + 5000 + {i}) } } => S{i}::f{i}",
    "impl Tr for [u8; {i}] { {c} f_tr{t} { say(a + 6000 + {i}) } } => <[u8; {i}] as Tr>::f_tr",
    "make!(f{i}, {i}); => f{i}",
    "make_exported!(f{i}, {i}); => f{i}",
    "whole! { pub {c} f{i}{t} { say(a + 7000 + {i}) } } => f{i}",
    "mod m{i} { use super::*; pub(super) unsafe {c} f{i}{t} { say(a + 8000 + {i}) } } \
     => m{i}::f{i}",
    "{c} f{i}{t} { guarded_for_calls(a) + {i} } => f{i}",
    "{c} f{i}{t} { remaining_stack().unwrap_or(0) as u64 ^ a ^ {i} } => f{i}",
    "{c} f{i}{t} { prepare_thread(); a ^ {i} } => f{i}",
    "fn outer{i}() -> P { {c} f{i}{t} { say(a + 9000 + {i}) } f{i} } => outer{i}()",
    "const P{i}: P = { {c} f{i}{t} { say(a + 10000 + {i}) } f{i} }; => P{i}",
    "{c} f{i}<T: Into<u64>, const N: u64>{t} { say(a + 11000 + {i}) } => f{i}::<u32, {i}>",
    "#[planted_macro::trampoline] fn f{i}{t} { say(a + 12000 + {i}) } => f{i}",
    "#[planted_macro::exported] fn f{i}{t} { say(a + 13000 + {i}) } => f{i}",
];

/// Guarded functions, which must not be reported.
const GUARDED_WAYS: [&str; 6] = [
    "#[guarded_callback] #[unsafe(no_mangle)] pub {c} g{i}{t} { say(a + 14000 + {i}) } => g{i}",
    "#[guarded_callback] {c} g{i}{t} { a ^ {i} } => g{i}",
    "#[guarded_callback(fallback = 0)] {c} g{i}{t} { say(a + 15000 + {i}) } => g{i}",
    "#[guarded_callback(switch = always)] \
     extern \"C-unwind\" fn g{i}{t} { say(a + 16000 + {i}) } => g{i}",
    "struct G{i}; #[guarded_callback] impl G{i} { {c} g{i}{t} { say(a + 17000 + {i}) } } \
     => G{i}::g{i}",
    "#[guarded_callback] {c} g{i}<T: Into<u64>, const N: u64>{t} { say(a + 18000 + {i}) } \
     => g{i}::<u32, {i}>",
];

const HEAD: &str = r#"
use guarded_callback::{guarded_callback, prepare_thread, remaining_stack};
pub type P = unsafe extern "C" fn(u64) -> u64;
fn say(a: u64) -> u64 { println!("{a}"); a }
trait Tr { extern "C" fn f_tr(a: u64) -> u64; }
#[guarded_callback] extern "C" fn guarded_for_calls(a: u64) -> u64 { say(a) }
macro_rules! make {
    ($name:ident, $n:literal) => {
        extern "C" fn $name(a: u64) -> u64 {
            say(a + 51000 + $n)
        }
    };
}
macro_rules! make_exported {
    ($name:ident, $n:literal) => {
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(a: u64) -> u64 { say(a + 52000 + $n) }
    };
}
macro_rules! whole { ($($tokens:tt)*) => { $($tokens)* } }
pub fn call(f: *const ()) { std::hint::black_box(f); }
"#;

const MACRO: &str = r##"
use proc_macro::TokenStream;
fn with(front: &str, function: TokenStream) -> TokenStream {
    let text = function.to_string();
    format!("{front} extern \"C\" {text}").parse().unwrap()
}
#[proc_macro_attribute]
pub fn trampoline(_: TokenStream, function: TokenStream) -> TokenStream { with("", function) }
#[proc_macro_attribute]
pub fn exported(_: TokenStream, function: TokenStream) -> TokenStream {
    with("#[unsafe(no_mangle)] pub", function)
}
"##;

/// Items and the statements that hand each function to C.
fn source() -> String {
    let (mut items, mut calls) = (HEAD.to_owned(), String::new());
    let planted = (0..PLANTED).map(|i| (WAYS[i % WAYS.len()], i));
    let guarded = (0..GUARDED).map(|i| (GUARDED_WAYS[i % GUARDED_WAYS.len()], i));
    for (way, i) in planted.chain(guarded) {
        let text = way.replace("{i}", &i.to_string()).replace("{c}", "extern \"C\" fn");
        let text = text.replace("{t}", "(a: u64) -> u64");
        let (item, pointer) = text.rsplit_once(" => ").unwrap();
        writeln!(items, "{item}").unwrap();
        writeln!(calls, "    call({pointer} as *const ());").unwrap();
    }
    format!("{items}\n#[unsafe(no_mangle)] pub extern \"C\" fn entry() {{\n{calls}}}\n")
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// The folder of the crates, with the library and the program built.
fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("planted");
    let runtime = root.join("runtime");
    let package = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n{rest}")
    };
    let rest = format!(
        "[workspace]\n[lib]\ncrate-type = [\"cdylib\"]\n\
         [[bin]]\nname = \"program\"\npath = \"src/main.rs\"\n\
         [dependencies]\nplanted_macro = {{ path = \"macro\" }}\n\
         guarded-callback = {{ path = {runtime:?} }}\n\
         [profile.release]\ndebug = true\n"
    );
    write(&folder.join("Cargo.toml"), &package("planted", &rest));
    write(&folder.join("src/lib.rs"), &source());
    write(&folder.join("src/main.rs"), &format!("{}\nfn main() {{ entry() }}\n", source()));
    write(
        &folder.join("macro/Cargo.toml"),
        &package("planted_macro", "[lib]\nproc-macro = true\n"),
    );
    write(&folder.join("macro/src/lib.rs"), MACRO);
    // The versions that the workspace was tested with are on the machine already.
    let _ = fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"));
    folder
}

fn cargo(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--quiet", "--offline"]).args(arguments).current_dir(folder);
    command.env("CARGO_TARGET_DIR", folder.join("target")).env_remove("RUSTFLAGS");
    assert!(command.status().unwrap().success(), "the planted crate does not build");
}

/// Names by state.
fn inspect(file: &Path) -> Vec<(String, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-guarded-callback"));
    let output = command.args(["binary", "--all", "--format", "json"]).arg(file).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let functions = json["binaries"][0]["functions"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    functions.iter().map(|one| (text(&one["name"]), text(&one["state"]))).collect()
}

/// The number of a planted function, such as 17 in `planted::f17::<u32, 17>`.
fn number(name: &str, letter: char) -> Option<usize> {
    if let Some((_, rest)) = name.split_once("<[u8; ") {
        return rest.split(']').next()?.parse().ok().filter(|_| letter == 'f');
    }
    let plain = name.split("::<").next()?;
    plain.rsplit("::").next()?.strip_prefix(letter)?.parse().ok()
}

fn check(file: &Path) {
    let functions = inspect(file);
    let found = |letter, states: &[&str]| -> BTreeSet<usize> {
        let of = functions.iter().filter(|(_, state)| states.contains(&state.as_str()));
        of.filter_map(|(name, _)| number(name, letter)).collect()
    };
    let names: Vec<_> = functions.iter().map(|(name, _)| name).collect();
    let missed: Vec<_> =
        (0..PLANTED).filter(|i| !found('f', &["lacking", "unknown"]).contains(i)).collect();
    let ways: Vec<_> = missed.iter().map(|i| WAYS[i % WAYS.len()]).collect();
    assert!(missed.is_empty(), "{}: missed {missed:?}: {ways:#?}\n{names:?}", file.display());
    // Of those, only what a procedural macro made without a landing pad is uncertain.
    let unknown = found('f', &["unknown"]);
    assert!(unknown.iter().all(|i| WAYS[i % WAYS.len()].contains("trampoline")), "{unknown:?}");
    let alarms = found('g', &["lacking", "unknown"]);
    assert!(alarms.is_empty(), "{}: guarded, and reported: {alarms:?}", file.display());
    assert!(found('f', &["guarded"]).is_empty());
}

#[test]
fn each_of_200_planted_functions_without_a_shim_is_found() {
    let folder = build();
    cargo(&folder, &[]);
    cargo(&folder, &["--release"]);
    for profile in ["debug", "release"] {
        check(&folder.join("target").join(profile).join("libplanted.so"));
        check(&folder.join("target").join(profile).join("program"));
    }
}

#[test]
fn debug_information_that_is_not_read_is_named_with_the_remedy() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("unread");
    write(&folder.join("main.rs"), "fn main() {}\n");
    for (options, words) in [
        (&["-Clink-arg=-Wl,--compress-debug-sections=zlib"][..], "is compressed; use `objcopy"),
        (&["-Csplit-debuginfo=unpacked"], "of what `split-debuginfo` puts elsewhere"),
    ] {
        let mut rustc = Command::new("rustc");
        rustc.args(["-g", "main.rs"]).args(options).current_dir(&folder);
        assert!(rustc.status().unwrap().success());
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-guarded-callback"));
        let output = command.arg("binary").arg(folder.join("main")).output().unwrap();
        assert!(String::from_utf8(output.stderr).unwrap().contains(words), "{words}");
    }
}
