use guarded_callback::guarded_callback;

struct Ring<const N: usize>;

impl<const N: usize> Ring<N> {
    #[guarded_callback(reserve = N * 1024)]
    extern "C" fn callback() {}
}

fn main() {
    Ring::<1>::callback();
}
