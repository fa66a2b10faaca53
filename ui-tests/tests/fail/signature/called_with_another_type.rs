use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(_value: i32) {}

fn main() {
    callback("text");
}
