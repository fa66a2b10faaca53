use guarded_callback::guarded_callback;

#[guarded_callback(skip, stack = "64 KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
