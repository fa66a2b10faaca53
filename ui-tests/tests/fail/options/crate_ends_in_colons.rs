use guarded_callback::guarded_callback;

#[guarded_callback(crate = library::)]
extern "C" fn callback() {}

fn main() {
    callback();
}
