use guarded_callback::guarded_callback;

#[guarded_callback(crate = "guarded-callback")]
extern "C" fn callback() {}

fn main() {
    callback();
}
