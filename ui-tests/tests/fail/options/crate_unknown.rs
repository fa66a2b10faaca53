use guarded_callback::guarded_callback;

#[guarded_callback(crate = ::no_such_crate)]
extern "C" fn callback() {}

fn main() {
    callback();
}
