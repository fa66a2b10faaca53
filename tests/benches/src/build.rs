//! What the attribute costs those who build it: the cold build of a crate with one annotated
//! function (tests/abi/cost.sh).

use std::path::Path;
use std::process::Command;

use crate::table::verdict;

/// More than the same crate without the attribute, as a part of what `stacker` adds: 3,000 ms of
/// processor time on the machine that the bound was set for, where that takes 4,800.
const MOST_OF_STACKER: f64 = 3000.0 / 4800.0;

/// Prints the table. Whether the bound holds.
pub(crate) fn print() -> Result<bool, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../abi/cost.sh");
    let output =
        Command::new("sh").arg(&script).arg("cold").output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!(
            "{} failed: {}",
            script.display(),
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    println!("\ncold build of a crate with one function: ms of processor time, least of 3");
    println!("{:<30} {:>9} {:>9}   bound", "", "time", "added");
    let times = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(name_and_time)
        .collect::<Result<Vec<_>, _>>()?;
    let time_of = |wanted| times.iter().find(|(name, _)| name == wanted).map(|(_, time)| *time);
    let none = time_of("none").ok_or("no crate without the attribute was built")?;
    let most =
        MOST_OF_STACKER * (time_of("stacker").ok_or("no crate with stacker was built")? - none);
    let mut hold = true;
    for (name, time) in &times {
        print!("{name:<30} {time:>9.0} {:>+9.0}", time - none);
        if name == "guarded" {
            let holds = time - none <= most;
            print!("   at most +{most:.0}: {}", verdict(holds));
            hold &= holds;
        }
        println!();
    }
    Ok(hold)
}

fn name_and_time(line: &str) -> Result<(String, f64), String> {
    let mistake = || format!("`{line}` is no name and time");
    let (name, time) = line.split_once(' ').ok_or_else(mistake)?;
    Ok((name.to_owned(), time.parse().map_err(|_| mistake())?))
}
