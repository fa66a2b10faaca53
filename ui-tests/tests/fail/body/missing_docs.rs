use guarded_callback::guarded_callback;

#[guarded_callback]
#[deny(missing_docs)]
pub extern "C" fn callback() {}

fn main() {}
