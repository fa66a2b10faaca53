use guarded_callback::guarded_callback;

#[guarded_callback]
unsafe extern "C" {
    safe fn abs(value: i32) -> i32;
}

fn main() {
    abs(1);
}
