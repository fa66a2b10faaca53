use guarded_callback::guarded_callback;

#[guarded_callback(reserve = "65536")]
extern "C" fn callback() {}

fn main() {
    callback();
}
