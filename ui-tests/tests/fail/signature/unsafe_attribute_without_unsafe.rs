use guarded_callback::guarded_callback;

#[guarded_callback]
#[no_mangle]
extern "C" fn callback() {}

fn main() {}
