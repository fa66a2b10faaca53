use guarded_callback::guarded_callback;

#[guarded_callback(crate = library::<u8>)]
extern "C" fn callback() {}

fn main() {
    callback();
}
