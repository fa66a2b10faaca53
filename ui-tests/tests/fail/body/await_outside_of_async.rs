use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback() {
    async {}.await;
}

fn main() {}
