use guarded_callback::guarded_callback;

#[guarded_callback]
union Value {
    whole: u32,
}

fn main() {
    let _ = Value { whole: 1 };
}
