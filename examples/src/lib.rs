//! What the stories share: which of the two callbacks to use.

/// Whether the story is to show what happens without the attribute: the last argument is `plain`, and not `guarded` or none.
///
/// Ends the process with an error when it is something else.
#[must_use]
pub fn is_plain() -> bool {
    match std::env::args().skip(1).last().as_deref() {
        None | Some("guarded") => false,
        Some("plain") => true,
        Some(other) => {
            eprintln!("`{other}` is neither `plain` nor `guarded`");
            std::process::exit(2)
        }
    }
}
