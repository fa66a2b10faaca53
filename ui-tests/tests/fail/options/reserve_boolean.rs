use guarded_callback::guarded_callback;

#[guarded_callback(reserve = true)]
extern "C" fn callback() {}

fn main() {
    callback();
}
