#[guarded_callback(stak = 1)]
fn mistake() {
    used_elsewhere();
}
