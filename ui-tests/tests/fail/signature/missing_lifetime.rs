use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(a: &i32, _b: &i32) -> &i32 {
    a
}

fn main() {}
