use guarded_callback::guarded_callback;

#[guarded_callback(reserve = 0xffff_ffff_ffff_ffff)]
extern "C" fn callback() {}

fn main() {
    callback();
}
