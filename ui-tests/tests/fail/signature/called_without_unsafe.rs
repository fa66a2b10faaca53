use guarded_callback::guarded_callback;

#[guarded_callback]
unsafe extern "C" fn callback() {}

fn main() {
    callback();
}
