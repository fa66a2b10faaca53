#[guarded_callback(switch = never)]
extern "C" fn conditional_parameter(&self, #[cfg(windows)] handle: HANDLE, count: u32) {
    self.count(count);
}
