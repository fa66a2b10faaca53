use guarded_callback::guarded_callback;

struct Value;

impl Value {
    #[guarded_callback]
    fn callback(&self) {}
}

fn main() {
    Value.callback();
}
