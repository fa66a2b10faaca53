use guarded_callback::guarded_callback;

#[guarded_callback]
#[track_caller]
fn callback() {}

fn main() {
    callback();
}
