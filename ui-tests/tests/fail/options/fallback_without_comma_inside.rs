use guarded_callback::guarded_callback;

const fn sum(first: i32, second: i32) -> i32 {
    first + second
}

#[guarded_callback(fallback = sum(1 2))]
extern "C" fn callback() -> i32 {
    1
}

fn main() {
    callback();
    sum(1, 2);
}
