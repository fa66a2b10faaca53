use guarded_callback::guarded_callback;

#[guarded_callback(reserve = 'a')]
extern "C" fn callback() {}

fn main() {
    callback();
}
