use guarded_callback::guarded_callback;

struct Numbers {
    first: i32,
}

impl Numbers {
    #[guarded_callback]
    extern "C" fn callback(&mut self) -> i32 {
        self.first += 1;
        self.
    }
}

fn main() {
    Numbers { first: 1 }.callback();
}
