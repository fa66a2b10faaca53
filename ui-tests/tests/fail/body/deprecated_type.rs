use guarded_callback::guarded_callback;

#[deprecated]
pub struct Old(pub [u8; 9]);

#[guarded_callback]
#[deny(deprecated)]
pub extern "C" fn callback(_old: Old) {}

fn main() {}
