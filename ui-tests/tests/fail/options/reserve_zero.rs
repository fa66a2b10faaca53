use guarded_callback::guarded_callback;

#[guarded_callback(reserve = 0)]
extern "C" fn callback() {}

fn main() {
    callback();
}
