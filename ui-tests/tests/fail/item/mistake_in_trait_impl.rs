use guarded_callback::guarded_callback;

trait Handler {
    fn handle(&self);
}

struct Value;

impl Handler for Value {
    #[guarded_callback]
    fn handle(&self) {}
}

fn main() {
    Value.handle();
}
