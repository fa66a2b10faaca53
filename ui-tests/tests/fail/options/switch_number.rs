use guarded_callback::guarded_callback;

#[guarded_callback(switch = 1)]
extern "C" fn callback() {}

fn main() {
    callback();
}
