use guarded_callback::guarded_callback;

#[guarded_callback]
#[deny(unsafe_op_in_unsafe_fn)]
unsafe extern "C" fn callback(at: *const i32, values: [i32; 1]) -> i32 {
    *at + values[0]
}

fn main() {}
