//! What tells a guarded function: it calls, jumps to or names something of the runtime.

use crate::binary::path::{crate_of, last_name, segments};

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
    let starts = |segment: &&str| segment.to_ascii_lowercase().starts_with("__guarded_callback");
    segments(path).iter().any(starts)
}

fn is_aside(path: &str) -> bool {
    let module = segments(path).get(1).copied().unwrap_or_default();
    ASIDE.contains(&module) || is_asked(path)
}

/// Whether the symbol is a public function that does not guard.
pub(crate) fn is_asked(path: &str) -> bool {
    is_of_runtime(path) && ASKED.contains(&last_name(path))
}

#[cfg(test)]
mod tests {
    use super::{is_marker, is_ours};

    #[test]
    fn the_way_of_a_callback_marks_and_a_question_to_the_runtime_does_not() {
        for path in [
            "guarded_callback::switch::call_body",
            "guarded_callback::call::call2::<user::f::Desc, user::f::{closure#0}>",
            "<guarded_callback::enter::Crossing<F, R>>::run",
            "user::f::__guarded_callback_general",
            "user::f::__GUARDED_CALLBACK",
            "user::<impl user::Connection>::hook::call::__guarded_callback_body",
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
}
