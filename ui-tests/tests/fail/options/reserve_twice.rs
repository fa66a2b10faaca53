use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "64 KiB", reserve = "128 KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
