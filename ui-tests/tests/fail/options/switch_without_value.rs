use guarded_callback::guarded_callback;

#[guarded_callback(switch)]
extern "C" fn callback() {}

fn main() {
    callback();
}
