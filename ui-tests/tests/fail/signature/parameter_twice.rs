use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(value: i32, value: i32) -> i32 {
    value
}

fn main() {}
