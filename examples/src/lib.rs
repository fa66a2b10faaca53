//! What the stories share: which of the two callbacks to use.

use std::ffi::OsString;
use std::sync::OnceLock;

/// What the tour has chosen for the story that it runs.
static CHOSEN: OnceLock<bool> = OnceLock::new();

/// Whether the story is to show what happens without the attribute: the only argument is `plain`,
/// and not `guarded` or none.
///
/// Ends the process with an error when it is something else.
#[must_use]
pub fn is_plain() -> bool {
    *CHOSEN.get_or_init(|| choice(std::env::args_os().skip(1)))
}

/// Lets `arguments` decide in place of those of the process.
///
/// Ends the process with an error when they are something else than `plain`, `guarded` or none.
pub fn choose(arguments: impl Iterator<Item = OsString>) {
    let _ = CHOSEN.set(choice(arguments));
}

fn choice(arguments: impl Iterator<Item = OsString>) -> bool {
    let arguments: Vec<OsString> = arguments.collect();
    match arguments.as_slice() {
        [] => false,
        [only] if only == "guarded" => false,
        [only] if only == "plain" => true,
        [only] => {
            let only = only.display();
            wrong(&format!("`{only}` is neither `plain` nor `guarded`\nusage: [plain | guarded]"))
        }
        all => {
            let count = all.len();
            wrong(&format!("one argument at most, and not {count}\nusage: [plain | guarded]"))
        }
    }
}

/// Ends the process, as one that was started wrongly does.
pub fn wrong(words: &str) -> ! {
    eprintln!("{words}");
    std::process::exit(2)
}
