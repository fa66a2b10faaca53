use guarded_callback::guarded_callback;

#[guarded_callback]
#[deny(unreachable_code)]
pub extern "C" fn callback() -> i32 {
    return 1;
    2
}

fn main() {}
