use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(Some(value): Option<i32>) -> i32 {
    value
}

fn main() {}
