use guarded_callback::guarded_callback;

#[guarded_callback]
extern r"Rust" fn callback() {}

fn main() {
    callback();
}
