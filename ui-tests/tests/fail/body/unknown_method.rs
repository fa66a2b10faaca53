use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(value: Vec<i32>) -> usize {
    value.lenght()
}

fn main() {}
