use guarded_callback::guarded_callback;

#[guarded_callback(stack = "KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
