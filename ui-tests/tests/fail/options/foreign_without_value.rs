use guarded_callback::guarded_callback;

#[guarded_callback(foreign)]
extern "C" fn callback() {}

fn main() {
    callback();
}
