use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback<'a>(value: Vec<i32>) -> &'a [i32] {
    &value
}

fn main() {}
