use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback() {
    break;
}

fn main() {}
