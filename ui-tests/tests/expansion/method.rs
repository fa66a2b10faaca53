#[guarded_callback]
extern "C" fn method(mut self, #[allow(unused)] text: String) -> ! {
    #![allow(clippy::all)]
    self.leave()
}
