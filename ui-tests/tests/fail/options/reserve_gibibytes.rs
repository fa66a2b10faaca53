use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "1 GiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
