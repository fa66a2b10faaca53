use guarded_callback::guarded_callback;

#[guarded_callback(stack = 65536u32)]
extern "C" fn callback() {}

fn main() {
    callback();
}
