use guarded_callback::guarded_callback;

#[guarded_callback(foreign = leave)]
extern "C" fn callback() {}

fn main() {
    callback();
}
