use guarded_callback::guarded_callback;

#[guarded_callback(stack = 64 *)]
extern "C" fn callback() {}

fn main() {
    callback();
}
