use guarded_callback::guarded_callback;

#[guarded_callback]
type Callback = extern "C" fn();

fn main() {
    let _: Option<Callback> = None;
}
