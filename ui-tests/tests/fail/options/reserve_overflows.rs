use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "99999999999999999999 KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
