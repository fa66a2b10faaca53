use guarded_callback::guarded_callback;

#[guarded_callback]
macro_rules! one {
    () => {
        1
    };
}

fn main() {
    let _ = one!();
}
