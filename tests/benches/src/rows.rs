//! What is measured, in the order of the tables, and the bounds that our rows have.

use benches::{Shape, Variant};

use crate::caller::Host;
use crate::counter;

/// One line of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) variant: Variant,
    pub(crate) host: Host,
    /// Instructions that it may add to the plain callback.
    pub(crate) instructions: Option<Most>,
    pub(crate) time: Option<TimeBound>,
}

/// How many instructions a row may add.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Most {
    Added(i64),
    /// As a part of what an alternative adds.
    Of(Variant, f64),
}

/// How much time a row may take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimeBound {
    /// More than the plain callback, in nanoseconds, or what two measurements of the plain callback
    /// differ by.
    Added(f64),
    /// Added time, as a part of what corosensei::on_stack adds.
    OfCorosensei(f64),
    /// The whole, as a multiple of the plain callback.
    Ratio(f64),
}

impl Row {
    const fn new(name: &'static str, variant: Variant, host: Host) -> Self {
        Self { name, variant, host, instructions: None, time: None }
    }
}

/// The first two rows of every table are the plain callback: what the others are compared with, and
/// the noise.
pub(crate) fn rows(shape: Shape) -> Vec<Row> {
    use Host::{Jumped, Low, Registered, Suspended, System, Thread, Unknown};
    let mut rows = vec![
        Row::new("plain", Variant::Plain, Thread),
        Row::new("plain, once more", Variant::Plain, Thread),
        Row::new("when_low, in place", Variant::WhenLow, Thread),
        Row::new("when_low, in place, fallback", Variant::WhenLowFallback, Thread),
        Row::new("when_low, switched", Variant::WhenLow, Low),
        Row::new("when_low, switched, fallback", Variant::WhenLowFallback, Low),
        Row::new("when_low, unknown stack", Variant::WhenLow, Unknown),
        Row::new("always, in place", Variant::Always, System),
        Row::new("always, in place, fallback", Variant::AlwaysFallback, System),
        Row::new("always, switched", Variant::Always, Thread),
        Row::new("always, switched, fallback", Variant::AlwaysFallback, Thread),
        Row::new("always, registered stack", Variant::Always, Registered),
        Row::new("always, others suspended", Variant::Always, Suspended),
        Row::new("always, after a longjmp", Variant::Always, Jumped),
        Row::new("when_low, in place, compiled", Variant::WhenLowCompiled, Thread),
        Row::new("always, in place, compiled", Variant::AlwaysCompiled, System),
        Row::new("always, switched, compiled", Variant::AlwaysCompiled, Thread),
        Row::new("fallback, compiled, switched", Variant::AlwaysFallbackCompiled, Thread),
        Row::new("when_low, in place, C-unwind", Variant::WhenLowUnwind, Thread),
        Row::new("never", Variant::Never, Thread),
        Row::new("never, fallback", Variant::NeverFallback, Thread),
        Row::new("limit: check by hand", Variant::LimitCheck, Thread),
        Row::new("limit: check and switch", Variant::LimitSwitch, Thread),
        Row::new("stacker::maybe_grow, in place", Variant::MaybeGrow, Thread),
        Row::new("recursive, in place", Variant::Recursive, Thread),
        Row::new("corosensei::on_stack", Variant::Corosensei, Thread),
        Row::new("psm::on_stack", Variant::Psm, Thread),
        Row::new("stacker::grow", Variant::Grow, Thread),
    ];
    rows.retain(|row| is_measured(shape, row));
    for row in &mut rows {
        row.instructions = instructions(shape, row);
        row.time = time(shape, row);
    }
    rows
}

fn is_measured(shape: Shape, row: &Row) -> bool {
    match (shape, row.variant) {
        // Addresses for so many stacks are not to be had; in qemu the next ones lie above all.
        (Shape::Tiny, _) if row.host == Host::Suspended => {
            cfg!(target_pointer_width = "64") && !counter::is_plugin()
        }
        (Shape::Tiny, _) => true,
        (_, Variant::Grow) => false,
        _ if !matches!(row.host, Host::Thread | Host::Low | Host::System) => false,
        (Shape::Sort, Variant::WhenLow) => row.host == Host::Thread,
        (
            Shape::Sort,
            Variant::WhenLowFallback
            | Variant::AlwaysFallback
            | Variant::Never
            | Variant::NeverFallback,
        ) => false,
        (_, Variant::WhenLowCompiled | Variant::AlwaysCompiled) => false,
        (_, Variant::AlwaysFallbackCompiled | Variant::WhenLowUnwind) => false,
        _ => true,
    }
}

/// Whether the target has a fast path (runtime/src/fast/).
const HAS_FAST_PATH: bool = cfg!(all(
    any(target_arch = "x86_64", target_arch = "aarch64"),
    any(target_os = "linux", target_vendor = "apple"),
    target_pointer_width = "64"
));

/// What a callback adds more on Apple's systems: the words of the thread are found by a key, and on
/// x86_64 the compiler sets up a frame pointer in the shim.
const ON_APPLE: i64 = match (cfg!(target_vendor = "apple"), cfg!(target_arch = "x86_64")) {
    (false, _) => 0,
    (true, true) => 3 + 3,
    (true, false) => 2,
};

/// The same in the executable and in the shared object. Where arguments lie on the stack, the fast
/// path copies them.
fn instructions(shape: Shape, row: &Row) -> Option<Most> {
    use Variant::{
        Always, AlwaysCompiled, AlwaysFallback, AlwaysFallbackCompiled, Corosensei, MaybeGrow,
        Never, NeverFallback, WhenLow, WhenLowCompiled, WhenLowFallback, WhenLowUnwind,
    };
    let is_compiled = !HAS_FAST_PATH
        || matches!(row.variant, WhenLowCompiled | AlwaysCompiled | AlwaysFallbackCompiled);
    match (row.variant, row.host) {
        (
            WhenLow | WhenLowFallback | WhenLowCompiled | WhenLowUnwind | Never | NeverFallback,
            Host::Thread,
        )
        | (Always | AlwaysFallback | AlwaysCompiled, Host::System) => Some(if is_compiled {
            Most::Of(MaybeGrow, 1.0)
        } else if cfg!(target_arch = "aarch64") {
            Most::Added(12 + ON_APPLE)
        } else {
            Most::Added(9 + ON_APPLE)
        }),
        (WhenLow | WhenLowFallback, Host::Low)
        | (Always, Host::Suspended | Host::Jumped)
        | (Always | AlwaysFallback | AlwaysCompiled | AlwaysFallbackCompiled, Host::Thread) => {
            Some(match (shape, row.host) {
                _ if is_compiled => Most::Of(Corosensei, 1.3),
                (_, Host::Low) if cfg!(target_arch = "aarch64") => Most::Added(36 + ON_APPLE),
                _ if cfg!(target_arch = "aarch64") => Most::Added(32 + ON_APPLE),
                (Shape::Reading | Shape::Eight, _) => Most::Of(Corosensei, 1.3),
                _ => Most::Added(28 + ON_APPLE),
            })
        }
        (Always, Host::Registered) if HAS_FAST_PATH => {
            Some(Most::Added(if cfg!(target_arch = "x86_64") { 250 } else { 260 }))
        }
        // Asks the system for the alternate signal stack.
        (WhenLow, Host::Unknown) if HAS_FAST_PATH => Some(Most::Added(380)),
        _ => None,
    }
}

fn time(shape: Shape, row: &Row) -> Option<TimeBound> {
    match (shape, row.variant, row.host) {
        (Shape::Tiny, Variant::Always, Host::Thread) => Some(TimeBound::OfCorosensei(0.6)),
        (Shape::Tiny, Variant::Always, Host::System)
        | (Shape::Tiny, Variant::WhenLow, Host::Thread) => Some(TimeBound::Added(0.5)),
        (Shape::Short, Variant::Always | Variant::WhenLow, Host::Thread) => {
            Some(TimeBound::Ratio(1.02))
        }
        (Shape::Sort, Variant::WhenLow, Host::Thread) => Some(TimeBound::Ratio(1.05)),
        (Shape::Sort, Variant::Always, Host::Thread) => Some(TimeBound::Ratio(1.25)),
        _ => None,
    }
}
