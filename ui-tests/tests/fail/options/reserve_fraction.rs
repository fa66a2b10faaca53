use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "1.5 MiB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
