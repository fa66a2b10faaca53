//! What a debugger shows of an annotated function, and what backtraces call it.
#![cfg(target_os = "linux")]

mod scratch;

use std::process::Command;

use scratch::Package;

const SOURCE: &str = r#"
mod handlers {
    use guarded_callback::guarded_callback;
    #[guarded_callback]
    pub extern "C" fn compare(left: i32, right: u8) -> i32 {
        let sum = left + i32::from(right); // in compare
        println!("{}", std::backtrace::Backtrace::force_capture());
        sum
    }
    pub struct Handler(pub i32);
    impl Handler {
        #[guarded_callback(switch = always)]
        pub extern "C" fn method(&self, right: u8) -> i32 {
            let sum = self.0 + i32::from(right); // in method
            println!("{}", std::backtrace::Backtrace::force_capture());
            sum
        }
    }
}
fn main() {
    for _ in 0..2 {
        handlers::compare(3, 4);
        handlers::Handler(5).method(6);
    }
}
"#;

fn package(name: &str) -> Package {
    Package::of_programs(name, "2024", &[(name.to_owned(), SOURCE.to_owned())])
}

/// What gdb says when it runs the program with these commands; `None` where it cannot be had.
fn gdb(name: &str, commands: &[String]) -> Option<String> {
    if Command::new("gdb").arg("--version").output().is_err() {
        println!("skipped: gdb is not installed");
        return None;
    }
    let program = package(name).build("dev", &[("CARGO_PROFILE_DEV_DEBUG", "full")]).join(name);
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set debuginfod enabled off"]);
    for command in commands.iter().map(String::as_str).chain(["kill"]) {
        gdb.args(["-ex", command]);
    }
    let output = gdb.arg(program).output().expect("gdb runs");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What gdb says where the program stops.
fn stops(name: &str, breakpoints: &[String]) -> Option<String> {
    let breakpoints = breakpoints.iter().map(|at| format!("break {at}"));
    let run = ["run", "continue"].map(str::to_owned);
    gdb(name, &breakpoints.chain(run).collect::<Vec<_>>())
}

fn says(told: &str, expected: &[impl AsRef<str>]) {
    for words in expected.iter().map(AsRef::as_ref) {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn breakpoint_by_name_stops_in_the_shim_with_the_arguments() {
    let breakpoints = ["by_name::handlers::compare", "by_name::handlers::Handler::method"];
    let Some(told) = stops("by_name", &breakpoints.map(str::to_owned)) else { return };
    says(&told, &["by_name::handlers::compare (left=3, right=4)", "method (self=0x", ", right=6)"]);
}

#[test]
fn breakpoint_by_line_stops_in_the_body_with_the_arguments() {
    let line = |words| 1 + SOURCE.lines().position(|line| line.ends_with(words)).expect("a line");
    let lines = ["// in compare", "// in method"].map(line);
    let breakpoints = lines.map(|line| format!("by_line.rs:{line}"));
    let Some(told) = stops("by_line", &breakpoints) else { return };
    let of_method = format!("{}\t", lines[1]);
    says(&told, &["by_line::handlers::compare::{closure#0} (left=3, right=4)", &of_method]);
    says(&told, &["method::{closure#0} (", "right=6)"]);
}

/// By the fast path, in place and switched. The first callback of a thread takes more steps, as it
/// passes the slow path, and methods do, for which compiled code decides.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[test]
fn steps_lead_from_the_shim_into_the_body() {
    for (name, shim, steps, body) in [
        ("step_function", "handlers::compare", 8, "// in compare"),
        ("step_method", "handlers::Handler::method", 80, "// in method"),
    ] {
        let mut commands = vec![format!("break {name}::{shim}"), "run".into(), "continue".into()];
        commands.extend(std::iter::repeat_n("step".to_owned(), steps));
        let Some(told) = gdb(name, &commands) else { return };
        says(&told, &[body]);
    }
}

#[test]
fn backtraces_name_the_function() {
    let line_tables = [("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")];
    let symbols = [("RUSTFLAGS", "-Csymbol-mangling-version=v0")];
    for (name, profile, environment) in [
        ("traced", "dev", &[][..]),
        ("traced_lines", "release", &line_tables),
        ("traced_symbols", "release", &symbols),
        ("traced_release", "release", &[]),
    ] {
        let program = package(name).build(profile, environment).join(name);
        let output = Command::new(program).output().expect("the program was built");
        let traces = String::from_utf8_lossy(&output.stdout).into_owned();
        // Each way has spellings of its own for what lies in an `impl`.
        says(&traces, &[&format!("{name}::handlers::compare::"), "::method::"]);
    }
}
