use guarded_callback::guarded_callback;

struct Name(String);

impl Name {
    #[guarded_callback]
    extern "C" fn other(&self, other: &str) -> &str {
        if self.0.is_empty() { other } else { "" }
    }
}

fn main() {}
