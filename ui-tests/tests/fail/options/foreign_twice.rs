use guarded_callback::guarded_callback;

#[guarded_callback(foreign = stay, foreign = switch)]
extern "C" fn callback() {}

fn main() {
    callback();
}
