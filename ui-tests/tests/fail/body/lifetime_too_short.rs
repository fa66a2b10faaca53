use guarded_callback::guarded_callback;

#[guarded_callback]
extern "C" fn callback<'a, 'b>(first: &'a i32, second: &'b i32) -> &'a i32 {
    if *first > 0 { first } else { second }
}

fn main() {}
