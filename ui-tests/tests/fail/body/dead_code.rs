use guarded_callback::guarded_callback;

#[guarded_callback]
#[deny(dead_code)]
extern "C" fn callback() {}

fn main() {}
