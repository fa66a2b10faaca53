use guarded_callback::guarded_callback;


fn main() {
    #[guarded_callback]
    fn callback() {}
    callback();
}
