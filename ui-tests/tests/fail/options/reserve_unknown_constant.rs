use guarded_callback::guarded_callback;

#[guarded_callback(reserve = SIZE)]
extern "C" fn callback() {}

fn main() {
    callback();
}
