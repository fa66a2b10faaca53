use guarded_callback::guarded_callback;

#[guarded_callback]
#[deny(unused_must_use)]
extern "C" fn callback(values: Vec<Result<i32, i32>>) {
    values[0].clone();
}

fn main() {}
