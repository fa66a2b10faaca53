use guarded_callback::guarded_callback;

#[guarded_callback(stack = b"64 KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
