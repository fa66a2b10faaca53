use guarded_callback::guarded_callback;

#[guarded_callback]
trait Handler {
    extern "C" fn handle() {}
}

impl Handler for () {}

fn main() {
    <()>::handle();
}
