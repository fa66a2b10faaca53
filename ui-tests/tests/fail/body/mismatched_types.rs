use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback() -> i32 {
    "text"
}

fn main() {
    callback();
}
