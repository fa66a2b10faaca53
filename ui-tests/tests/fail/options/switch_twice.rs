use guarded_callback::guarded_callback;

#[guarded_callback(switch = always, switch = always)]
extern "C" fn callback() {}

fn main() {
    callback();
}
