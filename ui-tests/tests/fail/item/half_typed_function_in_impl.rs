use guarded_callback::guarded_callback;

struct Numbers;

#[guarded_callback]
impl Numbers {
    extern "C" fn callback(&self, number) -> i32 {
        1
    }
}

fn main() {}
