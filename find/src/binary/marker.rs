//! What tells a guarded function: it calls, jumps to or names what runs a body.

use crate::binary::path::{crate_of, last_name, segments};

/// Modules of the runtime in which the way of a callback begins, and so what a shim refers to. It
/// refers to no other part, as the functions of these are generic or inlined down to one another.
const WAY: [&str; 2] = ["entry", "call"];

/// What users call by hand to run a body.
const BY_HAND: &str = "call_guarded";

/// Whether a function that refers to this symbol is guarded.
pub(crate) fn is_marker(path: &str) -> bool {
    is_generated(path) || is_of_way(path)
}

/// Whether a shim goes to this symbol on no condition: the fast path, which itself decides. What
/// goes there on one is another function, into which a guarded one was inlined. The optimiser makes
/// such a jump of a call that ends a branch, and forgets where it came from.
pub(crate) fn is_unconditional(path: &str) -> bool {
    is_of_way(path) && last_name(path) == "fast"
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

/// Whether the symbol is a part of the way of a callback, from the shim to the body.
fn is_of_way(path: &str) -> bool {
    let segments = segments(path);
    let module = segments.get(1).copied().unwrap_or_default();
    is_of_runtime(path) && (WAY.contains(&module) || segments.contains(&BY_HAND))
}

#[cfg(test)]
mod tests {
    use super::{is_marker, is_ours, is_unconditional};

    #[test]
    fn the_way_of_a_callback_marks_and_no_other_part_of_the_runtime_does() {
        for path in [
            "guarded_callback::entry::c::call1::fast",
            "guarded_callback::entry::c_unwind::call2_or::<user::f::__GuardedCallback, u8>::fast",
            "guarded_callback::entry::compiled::call1::elsewhere",
            "guarded_callback::call::guarded::<true, true, u8, user::f::{closure#0}>",
            "guarded_callback::api::call_guarded",
            "user::f::__GUARDED_CALLBACK",
            "user::<impl user::Connection>::hook::call::__guarded_callback_body",
        ] {
            assert!(is_marker(path), "{path}");
        }
        for path in [
            "guarded_callback::api::prepare_thread",
            "guarded_callback::api::<impl guarded_callback::bounds::StackBounds>::of_thread",
            "guarded_callback::settings::Settings::apply",
            "guarded_callback::slow_path::prepare_thread",
            "<guarded_callback::registry::Registration as core::ops::drop::Drop>::drop",
            "guarded_callback::host_call::on_host_stack",
            "user::generic::<guarded_callback::StackBounds>",
            "user::call::guarded",
            "my_guarded_callback::entry::f",
        ] {
            assert!(!is_marker(path), "{path}");
        }
        assert!(is_ours("guarded_callback::api::prepare_thread"));
        assert!(is_unconditional("guarded_callback::entry::c::call1::fast"));
        assert!(!is_unconditional("guarded_callback::entry::compiled::call1::elsewhere"));
    }
}
