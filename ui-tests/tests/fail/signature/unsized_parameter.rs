use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(_value: [u8]) {}

fn main() {}
