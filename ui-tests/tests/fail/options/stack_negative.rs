use guarded_callback::guarded_callback;

#[guarded_callback(stack = -65536)]
extern "C" fn callback() {}

fn main() {
    callback();
}
