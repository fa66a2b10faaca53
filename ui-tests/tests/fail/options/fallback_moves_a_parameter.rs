use guarded_callback::guarded_callback;

#[guarded_callback(fallback = text)]
extern "C" fn callback(text: Box<i32>) -> Box<i32> {
    text
}

fn main() {
    callback(Box::new(1));
}
