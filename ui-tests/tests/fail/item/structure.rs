use guarded_callback::guarded_callback;

#[guarded_callback]
struct Value;

fn main() {
    let _ = Value;
}
