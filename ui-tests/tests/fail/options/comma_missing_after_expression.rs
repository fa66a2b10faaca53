use guarded_callback::guarded_callback;

#[guarded_callback(fallback = 1 + 1 switch = always)]
extern "C" fn callback() -> i32 {
    1
}

fn main() {
    callback();
}
