use guarded_callback::guarded_callback;

trait Handler {
    extern "C" fn handle(&self) -> i32;
}

struct Value;

impl Handler for Value {
    #[guarded_callback]
    extern "C" fn handle(&self) -> u32 {
        1
    }
}

fn main() {}
