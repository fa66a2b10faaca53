use guarded_callback::guarded_callback;

#[guarded_callback(crate = 1)]
extern "C" fn callback() {}

fn main() {
    callback();
}
