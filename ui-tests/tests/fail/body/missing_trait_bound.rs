use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback<T>(value: T) -> T {
    value.clone()
}

fn main() {}
