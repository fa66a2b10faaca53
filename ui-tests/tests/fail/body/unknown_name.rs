use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(value: i32) -> i32 {
    valeu
}

fn main() {}
