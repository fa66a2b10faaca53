//! What a user of the wrapper relies on.

use std::cell::Cell;
use std::num::NonZeroI32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread;

use ticker::Ticker;

#[test]
fn each_step_reaches_the_listener_in_order() {
    let steps = Rc::new(Cell::new(0));
    let seen = Rc::clone(&steps);
    let mut ticker = Ticker::new().unwrap();
    ticker.listen(move |step| {
        assert_eq!(step, seen.get());
        seen.set(step + 1);
        Ok(())
    });
    assert_eq!(ticker.run(10), Ok(()));
    assert_eq!(steps.get(), 10);
}

#[test]
fn an_error_of_the_listener_stops_the_run() {
    let mut ticker = Ticker::new().unwrap();
    let seven = NonZeroI32::new(7).unwrap();
    ticker.listen(move |step| if step == 3 { Err(seven) } else { Ok(()) });
    assert_eq!(ticker.run(10), Err(seven));
}

/// The payload of the panic that `call` ends with.
fn payload(call: impl FnOnce()) -> u32 {
    let payload = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    *payload.downcast().expect("the payload is the one that was thrown")
}

#[test]
fn a_panic_of_the_listener_stops_the_run_and_reaches_its_caller_with_the_payload() {
    let steps = Rc::new(Cell::new(0));
    let seen = Rc::clone(&steps);
    let mut ticker = Ticker::new().unwrap();
    ticker.listen(move |step| {
        seen.set(step + 1);
        if step == 3 { std::panic::panic_any(7_u32) } else { Ok(()) }
    });
    assert_eq!(payload(|| ticker.run(10).unwrap()), 7);
    assert_eq!(steps.get(), 4);
    assert_eq!(ticker.run(3), Ok(()));
}

#[test]
fn a_panic_of_the_listeners_destructor_reaches_whoever_replaces_or_frees_it() {
    struct Throws(u32);
    impl Drop for Throws {
        fn drop(&mut self) {
            std::panic::panic_any(self.0);
        }
    }
    let listener = |value| {
        let throws = Throws(value);
        move |_| {
            let _ = &throws;
            Ok(())
        }
    };
    let mut ticker = Ticker::new().unwrap();
    ticker.listen(listener(1));
    assert_eq!(payload(|| ticker.listen(listener(2))), 1);
    assert_eq!(payload(|| drop(ticker)), 2);
}

#[test]
fn a_listener_is_dropped_once_when_it_is_replaced_ignored_or_freed() {
    let owned = Rc::new(());
    let listener = |owned: Rc<()>| {
        move |_| {
            assert!(Rc::strong_count(&owned) > 1);
            Ok(())
        }
    };
    let mut ticker = Ticker::new().unwrap();
    ticker.listen(listener(Rc::clone(&owned)));
    ticker.listen(listener(Rc::clone(&owned)));
    assert_eq!(Rc::strong_count(&owned), 2);
    ticker.ignore();
    assert_eq!(Rc::strong_count(&owned), 1);
    ticker.listen(listener(Rc::clone(&owned)));
    drop(ticker);
    assert_eq!(Rc::strong_count(&owned), 1);
}

#[test]
fn a_listener_has_room_on_a_small_thread() {
    let thread = thread::Builder::new().stack_size(64 * 1024).spawn(|| {
        let mut ticker = Ticker::new().unwrap();
        ticker.listen(|_| {
            let work = std::hint::black_box([1_u8; 200 * 1024]);
            assert_eq!(work.iter().map(|&one| usize::from(one)).sum::<usize>(), work.len());
            Ok(())
        });
        ticker.run(3)
    });
    assert_eq!(thread.unwrap().join().unwrap(), Ok(()));
}

#[test]
fn no_callback_was_forgotten() {
    guarded_callback_find::assert_guarded(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
}
