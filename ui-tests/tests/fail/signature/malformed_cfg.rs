use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn two_conditions(#[cfg(unix, windows)] _value: i32) {}

#[guarded_callback]
extern "C" fn no_condition(#[cfg()] _value: i32) {}

#[guarded_callback]
extern "C" fn in_quotes(#[cfg("unix")] _value: i32) {}

fn main() {}
