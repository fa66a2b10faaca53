use guarded_callback::guarded_callback;

#[guarded_callback(stack = 0)]
extern "C" fn callback() {}

fn main() {
    callback();
}
