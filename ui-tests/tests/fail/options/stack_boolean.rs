use guarded_callback::guarded_callback;

#[guarded_callback(stack = true)]
extern "C" fn callback() {}

fn main() {
    callback();
}
