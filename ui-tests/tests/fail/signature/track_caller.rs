use guarded_callback::guarded_callback;

#[guarded_callback]
#[track_caller]
extern "C" fn callback() {}

fn main() {
    callback();
}
