//! What the attribute costs those who build it: the cold build of a crate with one annotated
//! function, and `cargo check` of a thousand (tests/abi/cost.sh).

use std::path::Path;
use std::process::Command;

use crate::table::verdict;

/// The most of `recursive`'s processor time that a cold build may take.
const MOST_OF_RECURSIVE: f64 = 0.6;

/// The most that one more function of three arguments may cost.
const MOST_CHECK_MILLISECONDS: f64 = 2.0;
const MOST_METADATA_BYTES: f64 = 4096.0;
const FUNCTIONS: f64 = 1000.0;

/// Prints both tables. Whether the bounds hold.
pub(crate) fn print() -> Result<bool, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../abi/cost.sh");
    let output = Command::new("sh").arg(&script).arg("bounds").output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} failed: {why}", script.display()));
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    Ok(cold_builds(&printed)? & each_function(&printed)?)
}

fn cold_builds(printed: &str) -> Result<bool, String> {
    println!("\ncold build of a crate with one function: ms of processor time, least of 5");
    let [guarded] = figures(printed, "cold guarded")?;
    let [recursive] = figures(printed, "cold recursive")?;
    for name in ["none", "guarded", "stacker", "recursive"] {
        let [time] = figures(printed, &format!("cold {name}"))?;
        println!("{name:<30} {time:>9.0} {:>6.2} of recursive", time / recursive);
    }
    let holds = guarded <= MOST_OF_RECURSIVE * recursive;
    println!("guarded, at most {MOST_OF_RECURSIVE}: {}", verdict(holds));
    Ok(holds)
}

fn each_function(printed: &str) -> Result<bool, String> {
    println!("\none function of three arguments among {FUNCTIONS}: `cargo check`, least of 5");
    let plain: [f64; 2] = figures(printed, "each none")?;
    let guarded: [f64; 2] = figures(printed, "each guarded")?;
    let [time, bytes] = [0, 1].map(|at| (guarded[at] - plain[at]) / FUNCTIONS);
    let holds = time <= MOST_CHECK_MILLISECONDS && bytes <= MOST_METADATA_BYTES;
    println!(
        "added {time:.2} ms of processor time, at most {MOST_CHECK_MILLISECONDS}; \
         {bytes:.0} bytes of metadata, at most {MOST_METADATA_BYTES}: {}",
        verdict(holds)
    );
    Ok(holds)
}

/// The figures in the line that starts in this way.
fn figures<const COUNT: usize>(printed: &str, start: &str) -> Result<[f64; COUNT], String> {
    let rest = printed.lines().find_map(|line| line.strip_prefix(start)?.strip_prefix(' '));
    let figures = rest.map(|rest| rest.split(' ').map(str::parse).collect::<Result<Vec<_>, _>>());
    let figures = figures.and_then(Result::ok).and_then(|figures| figures.try_into().ok());
    figures.ok_or_else(|| format!("there are no figures of `{start}`"))
}
