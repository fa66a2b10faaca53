//! Paths of Rust as symbols spell them: `user::<impl a::T for b::S>::f`, `<b::S as a::T>::f::<u8>`.

/// The segments of a path: what stands between `::` outside of brackets.
pub(crate) fn segments(path: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    let bytes = path.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            // The `>` of `->` closes nothing.
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' | b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && at >= start && bytes.get(at + 1) == Some(&b':') => {
                found.push(&path[start..at]);
                start = at + 2;
            }
            _ => {}
        }
    }
    found.push(&path[start..]);
    found
}

/// The name of a function, without generic arguments.
pub(crate) fn last_name(path: &str) -> &str {
    let last = segments(path).into_iter().rfind(|segment| !segment.starts_with('<'));
    let last = last.unwrap_or(path);
    last.split('<').next().unwrap_or(last)
}

/// The crate that a path begins in, or the primitive type.
pub(crate) fn crate_of(path: &str) -> &str {
    let path = path.trim_start_matches(['<', '&', '*', '(', '[']);
    let words = ["dyn ", "mut ", "const "];
    if let Some(rest) = words.iter().find_map(|word| path.strip_prefix(word)) {
        return crate_of(rest);
    }
    let end = path.find(|character: char| !character.is_alphanumeric() && character != '_');
    &path[..end.unwrap_or(path.len())]
}

/// Whether the function implements a method of a trait.
pub(crate) fn is_method_of_trait(path: &str) -> bool {
    let is_impl = |segment: &&str| {
        let is_legacy = segment.starts_with("<impl ") && segment.contains(" for ");
        is_legacy || (segment.starts_with('<') && segment.contains(" as "))
    };
    segments(path).iter().any(is_impl)
}

#[cfg(test)]
mod tests {
    use super::{crate_of, is_method_of_trait, last_name, segments};

    #[test]
    fn brackets_keep_a_segment_together() {
        let legacy = "user::hooks::<impl user::Connection>::hook::call";
        assert_eq!(segments(legacy), ["user", "hooks", "<impl user::Connection>", "hook", "call"]);
        assert_eq!(last_name("user::f::<u32, {closure#0}>"), "f");
        assert_eq!(last_name("<user::S<fn() -> a::B> as a::T>::f"), "f");
        assert_eq!(last_name("plain"), "plain");
    }

    #[test]
    fn the_crate_of_a_path_is_its_first_word() {
        assert_eq!(crate_of("<&mut user::T as core::fmt::Debug>::fmt"), "user");
        assert_eq!(crate_of("<&mut <user::T>::f::{closure#0} as core::ops::FnOnce>::call"), "user");
        assert_eq!(crate_of("<*const u8>::cast"), "u8");
        assert_eq!(crate_of("plain"), "plain");
    }

    #[test]
    fn methods_of_traits_are_told_from_a_types_own() {
        assert!(is_method_of_trait("user::<impl core::fmt::Debug for user::T>::fmt"));
        assert!(is_method_of_trait("<user::T as core::fmt::Debug>::fmt"));
        assert!(!is_method_of_trait("user::<impl user::T>::f"));
    }
}
