use guarded_callback::guarded_callback;

#[guarded_callback(reserve =)]
extern "C" fn callback() {}

fn main() {
    callback();
}
