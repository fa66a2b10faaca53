#[guarded_callback(reserve = "64 KiB")]
pub extern "C" fn pointer(_: c_int, context: *mut c_void) {
    report(context);
}
