use guarded_callback::guarded_callback;

#[guarded_callback(foreing = stay)]
extern "C" fn callback() {}

fn main() {
    callback();
}
