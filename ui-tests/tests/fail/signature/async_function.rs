use guarded_callback::guarded_callback;

#[guarded_callback]
async extern "C" fn callback() {}

fn main() {
    let _ = callback();
}
