use guarded_callback::guarded_callback;

macro_rules! callback {
    () => {
        extern "C" fn callback() {}
    };
}

#[guarded_callback]
callback! {}

fn main() {
    callback();
}
