//! One list of platforms for one concern: the first arm whose condition holds is compiled.
//!
//! This is what `cfg_select!` does since Rust 1.95. The form is that of the well-known crate
//! `cfg-if`, whose name makes rustfmt look into the modules of all arms.

macro_rules! cfg_if {
    // The Unix systems whose ways with memory, signals and threads are known here. On all others
    // bodies run in place, and so they do in Miri, which models none.
    (@arm $earlier:tt if #[cfg(known_unix)] $($arms:tt)*) => {
        cfg_if! { @arm $earlier if #[cfg(all(
            any(
                target_os = "linux", target_os = "android", target_vendor = "apple",
                target_os = "freebsd", target_os = "dragonfly", target_os = "netbsd",
                target_os = "openbsd", target_os = "illumos", target_os = "solaris",
            ),
            not(miri),
        ))] $($arms)* }
    };
    (@arm [$($earlier:meta)*] if #[cfg($condition:meta)] { $($items:tt)* } else $($others:tt)*) => {
        cfg_if! { @items (all($condition, not(any($($earlier),*)))) $($items)* }
        cfg_if! { @arm [$($earlier)* $condition] $($others)* }
    };
    (@arm [$($earlier:meta)*] { $($items:tt)* }) => {
        cfg_if! { @items (not(any($($earlier),*))) $($items)* }
    };
    (@items ($condition:meta) $($item:item)*) => {
        $(#[cfg($condition)] $item)*
    };
    ($($arms:tt)*) => {
        cfg_if! { @arm [] $($arms)* }
    };
}
pub(crate) use cfg_if;
