//! What the attribute costs those who build it: the cold build of a crate with one annotated function (tests/abi/cost.sh).

use std::path::Path;
use std::process::Command;

use crate::table::verdict;

/// More than the same crate without the attribute, in milliseconds of processor time.
const MOST_MS: f64 = 3000.0;

/// Prints the table. Whether the bound holds.
pub(crate) fn print() -> Result<bool, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../abi/cost.sh");
    let output = Command::new("sh").arg(&script).arg("cold").output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", script.display(), String::from_utf8_lossy(&output.stderr)));
    }
    println!("\ncold build of a crate with one function: ms of processor time, least of 3");
    println!("{:<30} {:>9} {:>9}   bound", "", "time", "added");
    let mut hold = true;
    let mut none = 0.0;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (name, time) = line.split_once(' ').ok_or(format!("`{line}` is no name and time"))?;
        let time: f64 = time.parse().map_err(|_| format!("`{line}` is no name and time"))?;
        if name == "none" {
            none = time;
        }
        print!("{name:<30} {time:>9.0} {:>+9.0}", time - none);
        if name == "guarded" {
            let holds = time - none <= MOST_MS;
            print!("   at most +{MOST_MS}: {}", verdict(holds));
            hold &= holds;
        }
        println!();
    }
    Ok(hold)
}
