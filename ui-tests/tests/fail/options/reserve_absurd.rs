use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "9999999999 MiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
