use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback() -> i32 {
    Some(1)?
}

fn main() {}
