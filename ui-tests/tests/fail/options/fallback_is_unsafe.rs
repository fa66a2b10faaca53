use guarded_callback::guarded_callback;

unsafe fn value() -> i32 {
    1
}

#[guarded_callback(fallback = value())]
extern "C" fn callback() -> i32 {
    1
}

fn main() {
    callback();
}
