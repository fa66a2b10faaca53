use guarded_callback::guarded_callback;

trait Handler {
    #[guarded_callback]
    extern "C" fn handle(&self);
}

impl Handler for () {
    extern "C" fn handle(&self) {}
}

fn main() {
    ().handle();
}
