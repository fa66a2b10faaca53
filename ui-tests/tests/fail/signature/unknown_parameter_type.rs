use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(_value: Missing) {}

fn main() {}
