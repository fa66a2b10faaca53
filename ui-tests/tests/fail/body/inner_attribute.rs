use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback(unused: i32) {
    #![deny(unused_variables)]
}

fn main() {}
