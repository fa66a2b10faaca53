use guarded_callback::guarded_callback;

#[guarded_callback]
enum Value {
    One,
}

fn main() {
    let _ = Value::One;
}
