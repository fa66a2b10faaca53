use guarded_callback::guarded_callback;

#[guarded_callback(stak = 1, switch = sometimes, reserve = "64 KB", 5)]
fn callback() {}

fn main() {
    callback();
}
