//! Behaviour of guarded-callback, seen from outside, with real C callers.
