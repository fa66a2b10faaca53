use guarded_callback::guarded_callback;

#[guarded_callback]
extern crate std as other;

fn main() {
    let _ = other::mem::size_of::<u8>();
}
