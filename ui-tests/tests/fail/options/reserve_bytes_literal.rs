use guarded_callback::guarded_callback;

#[guarded_callback(reserve = b"64 KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
