use guarded_callback::guarded_callback;

const SIZE: u32 = 65536;

#[guarded_callback(reserve = SIZE)]
extern "C" fn callback() {}

fn main() {
    callback();
}
