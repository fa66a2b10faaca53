use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(value: Box<i32>) -> usize {
    drop(value);
    std::mem::size_of_val(&value)
}

fn main() {}
