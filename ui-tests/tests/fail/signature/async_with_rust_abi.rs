use guarded_callback::guarded_callback;

#[guarded_callback]
async fn callback() {}

fn main() {
    let _ = callback();
}
