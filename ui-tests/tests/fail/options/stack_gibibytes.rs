use guarded_callback::guarded_callback;

#[guarded_callback(stack = "1 GiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
