use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(value: i32) -> i32 {
    if value > 1 {
        return "text";
    }
    value
}

fn main() {
    callback(1);
}
