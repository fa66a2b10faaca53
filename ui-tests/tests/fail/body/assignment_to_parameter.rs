use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(small: i32, large: Vec<i32>) {
    small = 1;
    large = Vec::new();
}

fn main() {}
