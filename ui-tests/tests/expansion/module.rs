#[guarded_callback]
mod module {
    pub extern "C" fn free((left, right): Pair, list: Vec<Event>) -> Outcome {
        handle(left, right, list)
    }
}
