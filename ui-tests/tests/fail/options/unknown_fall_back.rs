use guarded_callback::guarded_callback;

#[guarded_callback(fall_back = 1)]
extern "C" fn callback() -> i32 {
    1
}

fn main() {
    callback();
}
