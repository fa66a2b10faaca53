use guarded_callback::guarded_callback;

#[guarded_callback(crate = ::guarded_callback, crate = ::guarded_callback)]
extern "C" fn callback() {}

fn main() {
    callback();
}
