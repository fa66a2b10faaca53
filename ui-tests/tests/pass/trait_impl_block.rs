#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

trait Events {
    type Event;
    const COUNT: usize;
    extern "C" fn on(&mut self, event: Self::Event) -> bool;
    fn plain(&self) -> usize;
}

struct Sink<T>(Vec<T>);

#[guarded_callback(switch = always)]
impl<T> Events for Sink<T>
where
    T: Default,
{
    type Event = T;
    const COUNT: usize = 1;

    extern "C" fn on(&mut self, event: T) -> bool {
        self.0.push(event);
        guarded_callback::on_system_stack()
    }

    fn plain(&self) -> usize {
        self.0.len() + Self::COUNT
    }
}

fn main() {
    let mut sink = Sink(vec![String::new()]);
    assert!(sink.on(String::new()));
    assert_eq!(sink.plain(), 3);
}
