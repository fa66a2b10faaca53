use guarded_callback::guarded_callback;

#[guarded_callback(switch = when-low)]
extern "C" fn callback() {}

fn main() {
    callback();
}
