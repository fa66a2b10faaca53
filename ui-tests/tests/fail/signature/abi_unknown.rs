use guarded_callback::guarded_callback;

#[guarded_callback]
extern "c" fn callback() {}

fn main() {}
