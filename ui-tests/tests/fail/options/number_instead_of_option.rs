use guarded_callback::guarded_callback;

#[guarded_callback(65536)]
extern "C" fn callback() {}

fn main() {
    callback();
}
