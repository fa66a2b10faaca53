use guarded_callback::guarded_callback;

#[guarded_callback(stay)]
extern "C" fn callback() {}

fn main() {
    callback();
}
