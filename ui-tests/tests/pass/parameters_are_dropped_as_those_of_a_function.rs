#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

use std::sync::Mutex;

static LOG: Mutex<Vec<&str>> = Mutex::new(Vec::new());

struct Noisy(&'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        LOG.lock().unwrap().push(self.0);
    }
}

impl Noisy {
    fn value(&self) -> usize {
        self.0.len()
    }

    extern "C" fn plain(self, _: Noisy, b: Noisy, (c, _): (Noisy, Noisy), _d: Noisy) -> usize {
        let _local = Noisy("local");
        drop(b);
        Noisy("temporary").value() + c.value()
    }

    #[guarded_callback]
    extern "C" fn guarded(self, _: Noisy, b: Noisy, (c, _): (Noisy, Noisy), _d: Noisy) -> usize {
        let _local = Noisy("local");
        drop(b);
        Noisy("temporary").value() + c.value()
    }

    #[guarded_callback(fallback = 0)]
    extern "C" fn with_fallback(
        self,
        _: Noisy,
        b: Noisy,
        (c, _): (Noisy, Noisy),
        _d: Noisy,
    ) -> usize {
        let _local = Noisy("local");
        drop(b);
        Noisy("temporary").value() + c.value()
    }
}

type Callback = extern "C" fn(Noisy, Noisy, Noisy, (Noisy, Noisy), Noisy) -> usize;

fn order(callback: Callback) -> Vec<&'static str> {
    callback(Noisy("self"), Noisy("a"), Noisy("b"), (Noisy("c"), Noisy("rest of c")), Noisy("d"));
    std::mem::take(&mut LOG.lock().unwrap())
}

#[allow(non_camel_case_types)]
struct unit;

impl Drop for unit {
    fn drop(&mut self) {
        LOG.lock().unwrap().push("unit");
    }
}

/// The pattern names the type's one value, and binds nothing.
#[guarded_callback]
extern "C" fn unit_structure(unit: unit) {}

fn main() {
    let expected = order(Noisy::plain);
    assert_eq!(expected.len(), 8);
    assert_eq!(order(Noisy::guarded), expected);
    assert_eq!(order(Noisy::with_fallback), expected);
    unit_structure(unit);
    assert_eq!(*LOG.lock().unwrap(), ["unit"]);
}
