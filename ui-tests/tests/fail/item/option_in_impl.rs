use guarded_callback::guarded_callback;

struct Value;

#[guarded_callback(reserve = "64 KB")]
impl Value {
    extern "C" fn callback() {}
}

fn main() {
    Value::callback();
}
