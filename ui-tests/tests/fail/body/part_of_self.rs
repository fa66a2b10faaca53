use guarded_callback::guarded_callback;

struct List(Vec<i32>);

impl List {
    #[guarded_callback]
    fn taken_twice(self) -> Vec<i32> {
        drop(self.0);
        self.0
    }

    #[guarded_callback]
    fn assigned(&self) {
        self.0 = Vec::new();
    }
}

fn main() {}
