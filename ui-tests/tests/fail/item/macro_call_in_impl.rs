use guarded_callback::guarded_callback;

macro_rules! method {
    ($($item:tt)*) => { $($item)* };
}

struct Value;

#[guarded_callback]
impl Value {
    extern "C" fn seen(&self) {}

    method!(extern "C-unwind" fn unseen(&self) {});
}

fn main() {
    Value.seen();
    Value.unseen();
}
