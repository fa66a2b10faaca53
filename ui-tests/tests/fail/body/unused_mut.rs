use guarded_callback::guarded_callback;

#[guarded_callback]
#[deny(unused_mut)]
extern "C" fn callback(mut small: i32, mut large: [u8; 9]) -> i32 {
    let mut local = small;
    local + i32::from(large[0])
}

fn main() {}
