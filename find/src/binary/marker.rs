//! What tells a guarded function: it calls, jumps to or names something of the runtime.

/// Public functions of the runtime, whose callers are not guarded by them.
const ASKED: [&str; 16] = [
    "prepare_thread",
    "remaining_stack",
    "on_system_stack",
    "on_host_stack",
    "register_stack",
    "install_overflow_report",
    "callback_stats",
    "trim",
    "current",
    "measure",
    "print",
    "to_svg",
    "report_at_exit",
    "freeze",
    "get",
    "set",
];

/// Modules of the runtime that hold no part of the way of a callback.
const ASIDE: [&str; 12] = [
    "settings",
    "bounds",
    "os_bounds",
    "guard",
    "registry",
    "register",
    "report",
    "diagnostics",
    "stats",
    "map",
    "measure",
    "host_call",
];

/// Whether a function that refers to this symbol is guarded.
pub(crate) fn is_marker(path: &str) -> bool {
    is_generated(path) || is_versioned(path) || (is_of_runtime(path) && !is_aside(path))
}

/// Whether the symbol is the runtime's, or was made by the attribute: not a function of the user's.
pub(crate) fn is_ours(path: &str) -> bool {
    is_of_runtime(path) || is_versioned(path) || is_generated(path)
}

fn is_of_runtime(path: &str) -> bool {
    crate_of(path) == "guarded_callback"
}

/// A symbol of the runtime that is not mangled.
fn is_versioned(path: &str) -> bool {
    !path.contains("::") && path.trim_start_matches('_').starts_with("guarded_callback")
}

/// An item that the attribute puts into the user's function.
fn is_generated(path: &str) -> bool {
    let without_generics = path.split('<').next().unwrap_or(path);
    let path = if path.starts_with('<') { path } else { without_generics };
    path.split("::").any(|segment| segment.to_ascii_lowercase().starts_with("__guarded_callback"))
}

fn is_aside(path: &str) -> bool {
    let plain = path.split("::<").next().unwrap_or(path);
    let mut segments = plain.trim_start_matches('<').split("::").skip(1);
    let module = segments.next().unwrap_or_default();
    ASIDE.contains(&module) || is_asked(path)
}

/// Whether the symbol is a public function that does not guard.
pub(crate) fn is_asked(path: &str) -> bool {
    let plain = path.split("::<").next().unwrap_or(path);
    let last = plain.rsplit("::").next().unwrap_or_default();
    is_of_runtime(path) && ASKED.contains(&last)
}

/// The crate that a path begins in.
pub(crate) fn crate_of(path: &str) -> &str {
    let path = path.trim_start_matches(['<', '&', '*', '(', '[']);
    let path = path.strip_prefix("dyn ").unwrap_or(path);
    let path = path.strip_prefix("mut ").unwrap_or(path);
    let end = path.find(|character: char| !character.is_alphanumeric() && character != '_');
    &path[..end.unwrap_or(path.len())]
}

#[cfg(test)]
mod tests {
    use super::{crate_of, is_marker, is_ours};

    #[test]
    fn the_way_of_a_callback_marks_and_a_question_to_the_runtime_does_not() {
        for path in [
            "guarded_callback::switch::call_body",
            "guarded_callback::call::call2::<user::f::Desc, user::f::{closure#0}>",
            "<guarded_callback::enter::Crossing<F, R>>::run",
            "user::f::__guarded_callback_general",
            "user::f::__GUARDED_CALLBACK",
            "__guarded_callback_0_1_0_slow",
        ] {
            assert!(is_marker(path), "{path}");
        }
        for path in [
            "guarded_callback::call::prepare_thread",
            "guarded_callback::bounds::StackBounds::current",
            "guarded_callback::settings::Settings::freeze",
            "user::generic::<guarded_callback::StackBounds>",
            "my_guarded_callback::f",
        ] {
            assert!(!is_marker(path), "{path}");
        }
        assert!(is_ours("guarded_callback::call::prepare_thread"));
    }

    #[test]
    fn the_crate_of_a_path_is_its_first_word() {
        assert_eq!(crate_of("<&mut user::T as core::fmt::Debug>::fmt"), "user");
        assert_eq!(crate_of("plain"), "plain");
    }
}
