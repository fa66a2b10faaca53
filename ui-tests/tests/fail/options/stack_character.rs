use guarded_callback::guarded_callback;

#[guarded_callback(stack = 'a')]
extern "C" fn callback() {}

fn main() {
    callback();
}
