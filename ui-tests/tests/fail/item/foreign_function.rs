use guarded_callback::guarded_callback;

unsafe extern "C" {
    #[guarded_callback]
    safe fn abs(value: i32) -> i32;
}

fn main() {
    abs(1);
}
