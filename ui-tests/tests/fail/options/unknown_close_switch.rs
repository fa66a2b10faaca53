use guarded_callback::guarded_callback;

#[guarded_callback(swich = always)]
extern "C" fn callback() {}

fn main() {
    callback();
}
