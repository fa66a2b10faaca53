use guarded_callback::guarded_callback;

#[guarded_callback(fallback = (1 + ))]
extern "C" fn callback() {}

fn main() {
    callback();
}
