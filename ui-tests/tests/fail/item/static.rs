use guarded_callback::guarded_callback;

#[guarded_callback]
pub static VALUE: i32 = 1;

fn main() {
    let _ = VALUE;
}
