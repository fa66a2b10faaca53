use guarded_callback::guarded_callback;

struct Value(i32);

impl Value {
    #[guarded_callback]
    fn number(&self) -> i32 {
        &self.0
    }
}

fn main() {
    Value(1).number();
}
