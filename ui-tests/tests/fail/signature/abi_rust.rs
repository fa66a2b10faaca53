use guarded_callback::guarded_callback;

#[guarded_callback]
extern "Rust" fn callback() {}

fn main() {
    callback();
}
