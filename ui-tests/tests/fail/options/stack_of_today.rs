use guarded_callback::guarded_callback;

#[guarded_callback(stack = "64 KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
