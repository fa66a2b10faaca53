//! Functions that a framework wraps itself (Rust's own ABI), and the trampolines that it makes.
#![allow(dead_code, non_snake_case, non_camel_case_types, clippy::all)]
use guarded_callback::guarded_callback;
use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;
pub struct PyObject {
    count: isize,
}
#[derive(Clone, Copy)]
pub struct Python<'py>(std::marker::PhantomData<&'py ()>);
#[derive(Debug)]
pub struct PyErr(Cow<'static, str>);
pub type PyResult<T> = Result<T, PyErr>;
impl From<std::num::ParseIntError> for PyErr {
    fn from(e: std::num::ParseIntError) -> Self {
        PyErr(e.to_string().into())
    }
}

#[guarded_callback]
fn sum_as_string(a: usize, b: usize) -> PyResult<String> {
    Ok((a + b).to_string())
}
#[guarded_callback(reserve = "1 MiB")]
pub fn parse<'py>(_py: Python<'py>, text: &str, base: Option<u32>) -> PyResult<i64> {
    let n: i64 = i64::from_str_radix(text, base.unwrap_or(10))?;
    if n == 13 {
        return Err(PyErr("unlucky".into()));
    }
    Ok(n)
}
#[guarded_callback(fallback = Err(PyErr("panicked".into())))]
fn divide(a: i32, b: i32) -> PyResult<i32> {
    Ok(a / b)
}
#[guarded_callback]
fn count_words(mut text: String, counts: &mut HashMap<String, usize>) {
    text.make_ascii_lowercase();
    for word in text.split(' ') {
        *counts.entry(word.to_owned()).or_default() += 1;
    }
}
#[guarded_callback]
fn describe(value: impl Display + Clone, &(low, high): &(i32, i32)) -> impl Display {
    format!("{value} in {low}..{high}")
}
#[guarded_callback]
unsafe fn incref(object: *mut PyObject) -> isize {
    unsafe {
        (*object).count += 1;
        (*object).count
    }
}
struct Counter {
    count: u64,
    name: String,
}
impl Counter {
    #[guarded_callback]
    fn new(name: String) -> Self {
        Self { count: 0, name }
    }
    #[guarded_callback]
    fn increment(&mut self, by: u64) -> &mut Self {
        self.count += by;
        self
    }
    #[guarded_callback]
    fn name(&self) -> &str {
        &self.name
    }
    #[guarded_callback]
    fn consume(self) -> u64 {
        self.count
    }
    #[guarded_callback(fallback = self.count)]
    fn checked(&self, by: u64) -> u64 {
        self.count.checked_sub(by).expect("more")
    }
}
impl Drop for Counter {
    fn drop(&mut self) {
        println!("dropped");
    }
}
struct Plain {
    a: String,
    b: String,
}
impl Plain {
    #[guarded_callback]
    fn part(self) -> usize {
        self.a.len()
    }
    #[guarded_callback]
    fn boxed(self: Box<Self>) -> String {
        self.b
    }
}
impl Iterator for Plain {
    type Item = char;
    #[guarded_callback]
    fn next(&mut self) -> Option<Self::Item> {
        self.a.pop()
    }
}
#[guarded_callback]
unsafe extern "C" fn trampoline(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    nargs: isize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    let _ = (args, kwnames);
    if nargs > 0 { slf } else { std::ptr::null_mut() }
}
#[guarded_callback]
extern "C" fn PyInit_module() -> *mut PyObject {
    std::ptr::null_mut()
}
#[guarded_callback]
fn payload(n: i32) -> Box<dyn Any + Send> {
    if n > 1 { Box::new(n) } else { Box::new("small") }
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let py = Python(std::marker::PhantomData);
    println!(
        "{:?} {:?} {:?} {:?}",
        sum_as_string(1, 2),
        parse(py, "ff", Some(16)),
        parse(py, "x", None),
        parse(py, "13", None)
    );
    println!("{:?} {:?}", divide(4, 2), divide(9, 3));
    let mut counts = HashMap::new();
    count_words("a A".into(), &mut counts);
    println!("{counts:?}");
    println!("{}", describe("five", &(1, 9)));
    let mut o = PyObject { count: 1 };
    println!("{}", unsafe { incref(&mut o) });
    let mut c = Counter { count: 1, name: "n".into() };
    let count = c.increment(2).increment(3).count;
    println!("{count} {} {}", c.name(), c.checked(2));
    drop(Counter::new("m".into()));
    println!("{}", Counter::new("k".into()).consume());
    let p = || Plain { a: "ab".into(), b: "c".into() };
    println!("{} {} {:?}", p().part(), Box::new(p()).boxed(), p().collect::<String>());
    println!(
        "{} {}",
        unsafe { trampoline(&mut o, std::ptr::null(), 0, &mut o) }.is_null(),
        PyInit_module().is_null()
    );
    println!("{:?} {:?}", payload(3).downcast_ref::<i32>(), payload(0).downcast_ref::<&str>());
}
