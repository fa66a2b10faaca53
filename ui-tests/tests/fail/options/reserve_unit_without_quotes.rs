use guarded_callback::guarded_callback;

#[guarded_callback(reserve = 64KiB)]
extern "C" fn callback() {}

fn main() {
    callback();
}
