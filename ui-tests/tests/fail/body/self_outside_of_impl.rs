use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback() {
    self.value();
}

fn main() {}
