//! What each callback has done, with the feature `stats`.
//!
//! A row of slots in static memory, found by the address of the [`Callback`]: counting allocates nothing and takes no lock, and a
//! signal handler may interrupt it. Without the feature the calls are empty.

#[cfg(feature = "stats")]
mod slots;
#[cfg(feature = "stats")]
pub use slots::{CallbackStats, callback_stats};
#[cfg(feature = "stats")]
pub(crate) use slots::{deepest, in_place, of_all, refused, switched};

#[cfg(not(feature = "stats"))]
mod nothing;
#[cfg(not(feature = "stats"))]
pub(crate) use nothing::{in_place, refused};
