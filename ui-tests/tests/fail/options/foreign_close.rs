use guarded_callback::guarded_callback;

#[guarded_callback(foreign = stya)]
extern "C" fn callback() {}

fn main() {
    callback();
}
