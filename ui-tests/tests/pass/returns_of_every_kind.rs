#![deny(warnings)]
#![allow(improper_ctypes_definitions)]

use guarded_callback::guarded_callback;

#[repr(C)]
#[derive(Clone, Copy, PartialEq, Debug)]
struct Large([u64; 64]);

#[guarded_callback]
extern "C" fn large(value: Large) -> Large {
    value
}

#[guarded_callback]
extern "C" fn function() -> extern "C" fn(Large) -> Large {
    large
}

#[guarded_callback]
extern "C" fn optional_function(yes: bool) -> Option<extern "C" fn(Large) -> Large> {
    if yes { Some(large) } else { None }
}

#[guarded_callback]
extern "C" fn early(values: &[i32]) -> Result<i32, std::num::TryFromIntError> {
    for value in values {
        if *value < 0 {
            return Ok(0);
        }
    }
    let wide: u8 = std::convert::TryFrom::try_from(values.len())?;
    Ok(wide.into())
}

#[guarded_callback]
extern "C" fn unit() -> () {}

#[guarded_callback]
extern "C" fn coerced(value: &mut i32) -> &i32 {
    value
}

fn stop() -> ! {
    std::process::exit(1)
}

#[guarded_callback]
extern "C" fn stopper(_: fn() -> !) -> fn() -> ! {
    stop
}

macro_rules! word {
    () => {
        i32
    };
}

#[guarded_callback]
extern "C" fn macros(value: word!(), values: [word!(); 2]) -> word!() {
    value + values[0]
}

#[guarded_callback]
extern "C" fn object() -> Box<dyn Fn(i32) -> i32 + Send> {
    Box::new(|value| value + 1)
}

fn main() {
    assert_eq!(function()(Large([1; 64])), Large([1; 64]));
    assert!(optional_function(true).is_some() && optional_function(false).is_none());
    assert_eq!((early(&[-1]), early(&[1, 2])), (Ok(0), Ok(2)));
    unit();
    let _: fn() -> ! = stopper(stop);
    assert_eq!(macros(1, [1, 2]), 2);
    assert_eq!(*coerced(&mut 1) + object()(1), 3);
}
