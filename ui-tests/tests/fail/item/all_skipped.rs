use guarded_callback::guarded_callback;

#[guarded_callback]
mod callbacks {
    use super::guarded_callback;

    #[guarded_callback(skip)]
    pub extern "C" fn callback() {}
}

fn main() {
    callbacks::callback();
}
