use guarded_callback::guarded_callback;

#[guarded_callback]
const fn callback() {}

fn main() {
    callback();
}
