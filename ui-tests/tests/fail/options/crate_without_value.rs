use guarded_callback::guarded_callback;

#[guarded_callback(crate)]
extern "C" fn callback() {}

fn main() {
    callback();
}
