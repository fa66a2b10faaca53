use guarded_callback::guarded_callback;

macro_rules! callback {
    ($name:ident, $switch:ident) => {
        #[guarded_callback(switch = $switch)]
        extern "C" fn $name() {}
    };
}

callback!(callback, allways);

fn main() {
    callback();
}
