use guarded_callback::guarded_callback;

struct Value;

#[guarded_callback(fallback = -1)]
impl Value {
    extern "C" fn callback() -> i32 {
        1
    }

    extern "C" fn quit() -> ! {
        loop {}
    }
}

fn main() {
    Value::callback();
    Value::quit();
}
