use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback() -> [u8] {
    loop {}
}

fn main() {}
