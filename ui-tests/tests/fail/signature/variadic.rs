use guarded_callback::guarded_callback;

#[guarded_callback]
unsafe extern "C" fn callback(_count: i32, _rest: ...) {}

fn main() {}
