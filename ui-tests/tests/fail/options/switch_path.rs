use guarded_callback::guarded_callback;

#[guarded_callback(switch = Mode::Never)]
extern "C" fn callback() {}

fn main() {
    callback();
}
