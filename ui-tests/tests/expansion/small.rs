#[guarded_callback]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn small(context: *mut c_void, count: u32) -> c_int {
    unsafe { handle(context, count) }
}
