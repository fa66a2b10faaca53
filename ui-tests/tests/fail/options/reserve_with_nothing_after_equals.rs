use guarded_callback::guarded_callback;

#[guarded_callback(stack =)]
extern "C" fn callback() {}

fn main() {
    callback();
}
