use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
