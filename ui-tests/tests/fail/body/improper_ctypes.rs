use guarded_callback::guarded_callback;

#[guarded_callback]
#[deny(improper_ctypes_definitions)]
pub extern "C" fn callback(_text: &str, _pair: (i32, i32)) -> String {
    String::new()
}

fn main() {}
