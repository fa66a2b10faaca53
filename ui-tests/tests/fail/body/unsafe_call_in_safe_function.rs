use guarded_callback::guarded_callback;

unsafe fn dangerous() {}

#[guarded_callback]
extern "C" fn callback() {
    dangerous();
}

fn main() {}
