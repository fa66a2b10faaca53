use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "64 KB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
