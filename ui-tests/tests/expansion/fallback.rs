#[guarded_callback(reserve = SIZE * 2, fallback = -1, crate = crate::runtime)]
extern "C" fn fallback(list: Vec<u8>) -> c_int {
    list.len() as c_int
}
