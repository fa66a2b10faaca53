use guarded_callback::guarded_callback;

#[guarded_callback]
#[unsafe(naked)]
extern "C" fn callback() {
    core::arch::naked_asm!("")
}

fn main() {
    callback();
}
