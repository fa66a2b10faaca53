use guarded_callback::guarded_callback;

#[guarded_callback]
use std::mem;

fn main() {
    let _ = mem::size_of::<u8>();
}
