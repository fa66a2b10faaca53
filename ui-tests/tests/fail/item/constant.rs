use guarded_callback::guarded_callback;

#[guarded_callback]
const VALUE: i32 = 1;

fn main() {
    let _ = VALUE;
}
