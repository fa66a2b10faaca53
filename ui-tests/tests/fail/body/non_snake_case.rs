use guarded_callback::guarded_callback;

#[guarded_callback]
#[deny(non_snake_case)]
pub extern "C" fn Callback(smallValue: i32, largeValue: [u8; 9]) -> i32 {
    let localValue = smallValue;
    localValue + i32::from(largeValue[0])
}

fn main() {}
