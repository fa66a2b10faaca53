use guarded_callback::guarded_callback;

#[guarded_callback(skip)]
struct Value;

fn main() {
    let _ = Value;
}
