use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback<T: Missing>(_value: T) {}

fn main() {}
