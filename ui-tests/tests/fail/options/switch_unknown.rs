use guarded_callback::guarded_callback;

#[guarded_callback(switch = sometimes)]
extern "C" fn callback() {}

fn main() {
    callback();
}
