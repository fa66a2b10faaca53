use guarded_callback::guarded_callback;

#[guarded_callback(stack = SIZE)]
extern "C" fn callback() {}

fn main() {
    callback();
}
