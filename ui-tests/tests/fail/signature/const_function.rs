use guarded_callback::guarded_callback;

#[guarded_callback]
const extern "C" fn callback() {}

const _: () = callback();

fn main() {}
