use guarded_callback::guarded_callback;

#[guarded_callback(skip = true)]
extern "C" fn callback() {}

fn main() {
    callback();
}
