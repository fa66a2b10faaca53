use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback() -> Missing {
    loop {}
}

fn main() {}
