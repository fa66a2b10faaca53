use guarded_callback::guarded_callback;

#[guarded_callback(always)]
extern "C" fn callback() {}

fn main() {
    callback();
}
