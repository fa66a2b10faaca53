use guarded_callback::guarded_callback;

#[guarded_callback]
#[deny(unused_variables)]
extern "C" fn callback(small: i32, large: [u8; 99], (a, _): (u8, u8), mut changed: i32) {
    let local = 1;
    changed = 2;
}

fn main() {}
