use guarded_callback::guarded_callback;

#[guarded_callback(depth = 3)]
extern "C" fn callback() {}

fn main() {
    callback();
}
