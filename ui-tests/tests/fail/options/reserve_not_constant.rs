use guarded_callback::guarded_callback;

#[guarded_callback(reserve = size)]
extern "C" fn callback(size: usize) {
    let _ = size;
}

fn main() {
    callback(1);
}
