use guarded_callback::guarded_callback;

#[guarded_callback(switch = allways)]
extern "C" fn callback() {}

fn main() {
    callback();
}
