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

struct Both {
    first: Noisy,
    second: Noisy,
}

impl Both {
    extern "C" fn plain(self, _other: Noisy) -> usize {
        let first = self.first;
        first.0.len()
    }

    #[guarded_callback]
    extern "C" fn guarded(self, _other: Noisy) -> usize {
        let first = self.first;
        first.0.len()
    }
}

fn look(noisy: &Noisy) -> usize {
    noisy.0.len()
}

impl Both {
    extern "C" fn plain_look(self, _other: Noisy) -> usize {
        look(&self.second)
    }

    #[guarded_callback]
    extern "C" fn guarded_look(self, _other: Noisy) -> usize {
        look(&self.second)
    }
}

fn order(callback: extern "C" fn(Both, Noisy) -> usize) -> Vec<&'static str> {
    let both = Both { first: Noisy("first"), second: Noisy("second") };
    assert_eq!(both.second.0, "second");
    callback(both, Noisy("other"));
    std::mem::take(&mut LOG.lock().unwrap())
}

fn main() {
    assert_eq!(order(Both::plain), order(Both::guarded));
    assert_eq!(order(Both::plain_look), order(Both::guarded_look));
}
