use guarded_callback::guarded_callback;

#[guarded_callback(foreign = "stay")]
extern "C" fn callback() {}

fn main() {
    callback();
}
