use guarded_callback::guarded_callback;

#[guarded_callback(stak = "64 KiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
