use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "0 KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
