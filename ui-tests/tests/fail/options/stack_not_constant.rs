use guarded_callback::guarded_callback;

#[guarded_callback(stack = size)]
extern "C" fn callback(size: usize) {
    let _ = size;
}

fn main() {
    callback(1);
}
