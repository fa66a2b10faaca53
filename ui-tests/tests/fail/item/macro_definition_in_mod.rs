use guarded_callback::guarded_callback;

#[guarded_callback]
mod callbacks {
    macro_rules! callback {
        ($name:ident) => {
            pub unsafe extern fn $name() {}
        };
    }

    callback!(first);

    pub extern "C" fn seen() {}
}

fn main() {
    callbacks::seen();
    unsafe { callbacks::first() };
}
