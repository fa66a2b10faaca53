use guarded_callback::guarded_callback;

struct Value;

#[guarded_callback]
impl Value {
    fn method(&self) {}

    const extern "C" fn constant() {}
}

fn main() {
    Value.method();
    Value::constant();
}
