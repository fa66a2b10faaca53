//! Where a body runs, by what the callback asks for and what is known of the stack.

use crate::callback::{Callback, Foreign, Mode};
use crate::diagnostics::refusal::Cause;
use crate::locate::{Kind, Place};
use crate::settings;
use crate::stack::memory;
use crate::switch;

/// Whether stacks can be changed on this system at all.
const CAN_SWITCH: bool = switch::SUPPORTED && memory::SUPPORTED;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    InPlace,
    Switch,
}

/// Decides for a callback that was called with SP at `sp`, on `place`, and needs so many bytes: an
/// error when it must not switch, and there is too little room.
#[inline]
pub(crate) fn decide(
    callback: &Callback,
    needed: usize,
    place: &Place,
    sp: usize,
) -> Result<Verdict, Cause> {
    let mode = match callback.mode {
        Mode::Default if settings::switch_by_default() => Mode::Always,
        Mode::Default => Mode::WhenLow,
        mode => mode,
    };
    let has_room = place.room_bytes(sp) >= needed;
    match (place.kind, mode) {
        (Kind::System(_), _) if has_room => Ok(Verdict::InPlace),
        (_, Mode::WhenLow | Mode::Never) if has_room => Ok(Verdict::InPlace),
        (Kind::Foreign, _) if stays_on_foreign(callback) => Ok(Verdict::InPlace),
        (_, Mode::Never) => Err(Cause::NeverSwitches),
        _ if CAN_SWITCH => Ok(Verdict::Switch),
        _ => Ok(Verdict::InPlace),
    }
}

fn stays_on_foreign(callback: &Callback) -> bool {
    match callback.foreign {
        Foreign::Default => settings::stay_on_foreign(),
        Foreign::Stay => true,
        Foreign::Switch => false,
    }
}
