use guarded_callback::guarded_callback;

#[guarded_callback(skip(all))]
extern "C" fn callback() {}

fn main() {
    callback();
}
