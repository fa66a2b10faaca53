use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback() -> i32 {
    let _value = 1;
}

fn main() {
    callback();
}
