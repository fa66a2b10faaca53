use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "64 KiB" switch = always)]
extern "C" fn callback() {}

fn main() {
    callback();
}
