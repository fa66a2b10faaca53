use guarded_callback::guarded_callback;

#[guarded_callback]
fn callback() {}

fn main() {
    callback();
}
