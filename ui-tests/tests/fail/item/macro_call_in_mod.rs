use guarded_callback::guarded_callback;

macro_rules! callbacks {
    ($($item:item)*) => { $($item)* };
}

#[guarded_callback]
mod callbacks {
    pub extern "C" fn seen() {}

    callbacks! {
        pub extern "C" fn unseen() {}
    }

    ::std::thread_local! {
        static UNSEEN: extern "C" fn() = { extern "C" fn unseen() {} unseen };
    }
}

fn main() {
    callbacks::seen();
    callbacks::unseen();
}
