use guarded_callback::guarded_callback;

#[guarded_callback(stack = "99999999999999999999 KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
