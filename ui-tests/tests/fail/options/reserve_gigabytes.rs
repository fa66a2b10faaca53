use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "1 GB")]
extern "C" fn callback() {}

fn main() {
    callback();
}
