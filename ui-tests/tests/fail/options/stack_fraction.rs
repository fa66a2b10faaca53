use guarded_callback::guarded_callback;

#[guarded_callback(stack = "1.5 MiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
