use guarded_callback::guarded_callback;

#[guarded_callback]
mod callbacks {
    pub fn callback() {}
}

fn main() {
    callbacks::callback();
}
