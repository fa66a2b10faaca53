use guarded_callback::guarded_callback;

struct Value;

#[guarded_callback]
impl Value {}

fn main() {
    let _ = Value;
}
