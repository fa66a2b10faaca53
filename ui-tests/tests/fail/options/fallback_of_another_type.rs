use guarded_callback::guarded_callback;

#[guarded_callback(fallback = "none")]
extern "C" fn callback() -> i32 {
    1
}

fn main() {
    callback();
}
