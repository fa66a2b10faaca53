#[guarded_callback(switch = when_low)]
impl Handler for Sink {
    const COUNT: usize = 1;

    extern "C" fn handle(&mut self, event: Event) {
        self.events.push(event);
    }

    fn name(&self) -> &str {
        "sink"
    }
}
