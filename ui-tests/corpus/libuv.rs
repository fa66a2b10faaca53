//! Callbacks of an event loop: handles, requests, walkers, threads.
#![allow(dead_code, non_camel_case_types, clippy::all)]
use guarded_callback::guarded_callback;
use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_int, c_void};
use std::rc::{Rc, Weak};
#[repr(C)]
pub struct uv_handle_t {
    data: *mut c_void,
    fd: c_int,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct uv_buf_t {
    base: *mut c_char,
    len: usize,
}
pub trait Deliver<T> {
    fn deliver(&self) -> &'static str;
}
pub struct Local;
impl Deliver<Local> for uv_handle_t {
    fn deliver(&self) -> &'static str {
        "local"
    }
}
pub struct Bridge<T>(std::marker::PhantomData<T>);
impl<T> Bridge<T>
where
    uv_handle_t: Deliver<T>,
{
    #[guarded_callback]
    pub unsafe extern "C" fn on_event(handle: *mut uv_handle_t) -> &'static str {
        unsafe { (&*handle).deliver() }
    }
}
pub struct Other;
impl Deliver<Other> for uv_handle_t {
    fn deliver(&self) -> &'static str {
        "other"
    }
}
trait Named {
    fn id(&self) -> u8;
}
impl Named for i32 {
    fn id(&self) -> u8 {
        1
    }
}
mod inner {
    pub trait Named2 {
        fn id(self) -> u8;
    }
    impl Named2 for &i32 {
        fn id(self) -> u8 {
            2
        }
    }
}

struct Loop {
    ticks: Cell<u32>,
    log: RefCell<Vec<String>>,
    me: Weak<Loop>,
}
impl Loop {
    fn new() -> Rc<Self> {
        Rc::new_cyclic(|me| Self { ticks: Cell::new(0), log: RefCell::default(), me: me.clone() })
    }
    #[guarded_callback]
    extern "C" fn tick(self: Rc<Self>) -> u32 {
        self.ticks.set(self.ticks.get() + 1);
        self.ticks.get()
    }
    #[guarded_callback]
    extern "C" fn note(self: &Rc<Self>, text: &str) -> usize {
        self.log.borrow_mut().push(text.to_owned());
        self.log.borrow().len()
    }
    #[guarded_callback]
    extern "C" fn upgrade(&self) -> Option<Rc<Self>> {
        Some(self.me.upgrade()?)
    }
}
#[guarded_callback]
unsafe extern "C" fn alloc_cb(handle: *mut uv_handle_t, suggested: usize, buf: *mut uv_buf_t) {
    let _ = handle;
    let mut v = std::mem::ManuallyDrop::new(Vec::<u8>::with_capacity(suggested));
    unsafe { *buf = uv_buf_t { base: v.as_mut_ptr().cast(), len: v.capacity() } }
}
#[guarded_callback]
unsafe extern "C" fn read_cb(handle: *mut uv_handle_t, nread: isize, buf: *const uv_buf_t) {
    let sum: &mut isize = unsafe { &mut *(*handle).data.cast() };
    *sum += nread;
    let buf = unsafe { *buf };
    if !buf.base.is_null() {
        drop(unsafe { Vec::from_raw_parts(buf.base.cast::<u8>(), 0, buf.len) })
    }
}
#[guarded_callback]
unsafe extern "C" fn walk_cb<F>(handle: *mut uv_handle_t, arg: *mut c_void)
where
    F: FnMut(&mut uv_handle_t),
{
    unsafe { (*arg.cast::<F>())(&mut *handle) }
}
#[guarded_callback]
unsafe extern "C" fn close_cb(handle: *mut uv_handle_t) {
    let handle = unsafe { Box::from_raw(handle) };
    println!("closed {}", handle.fd);
}
#[guarded_callback(reserve = "2 MiB", switch = when_low)]
unsafe extern "C" fn work_cb(req: *mut c_void) {
    let big = std::hint::black_box([1u8; 300_000]);
    unsafe { *req.cast::<usize>() = big.iter().map(|b| usize::from(*b)).sum() }
}
#[guarded_callback]
unsafe extern "C" fn after_work_cb(req: *mut c_void, status: c_int) {
    if status != 0 {
        return;
    }
    let f = unsafe { Box::from_raw(req.cast::<Box<dyn FnOnce() -> i32>>()) };
    println!("{}", f());
}
#[guarded_callback]
extern "C" fn resolved(n: i32) -> (u8, u8) {
    use inner::Named2 as _;
    let r = &n;
    (Named::id(r), inner::Named2::id(r))
}
#[guarded_callback]
extern "C" fn exit_cb(_: *mut c_void, status: i64, signal: c_int) -> Result<i64, c_int> {
    let status = <u8 as std::convert::TryFrom<i64>>::try_from(status).map_err(|_| signal)?;
    Ok(i64::from(status))
}
#[guarded_callback]
extern "C" fn sized<const N: usize, T: Default + Copy>(fill: T) -> [T; N] {
    let mut all = [T::default(); N];
    if N > 0 {
        all[0] = fill
    }
    all
}
fn main() {
    let mut h = uv_handle_t { data: std::ptr::null_mut(), fd: 3 };
    println!("{} {}", unsafe { Bridge::<Local>::on_event(&mut h) }, unsafe {
        Bridge::<Other>::on_event(&mut h)
    });
    let l = Loop::new();
    println!("{} {} {} {}", l.clone().tick(), l.clone().tick(), l.note("a"), l.upgrade().is_some());
    let mut buf = uv_buf_t { base: std::ptr::null_mut(), len: 0 };
    let mut sum = 1isize;
    h.data = (&raw mut sum).cast();
    unsafe {
        alloc_cb(&mut h, 64, &mut buf);
        read_cb(&mut h, buf.len as isize, &buf)
    };
    println!("{sum}");
    let mut fds = vec![];
    let mut walk = |h: &mut uv_handle_t| fds.push(h.fd);
    fn of<F: FnMut(&mut uv_handle_t)>(
        _: &F,
    ) -> unsafe extern "C" fn(*mut uv_handle_t, *mut c_void) {
        walk_cb::<F>
    }
    unsafe { of(&walk)(&mut h, (&raw mut walk).cast()) };
    println!("{fds:?}");
    unsafe { close_cb(Box::into_raw(Box::new(uv_handle_t { data: std::ptr::null_mut(), fd: 9 }))) };
    let mut n = 0usize;
    unsafe { work_cb((&raw mut n).cast()) };
    println!("{n}");
    let once: Box<dyn FnOnce() -> i32> = Box::new(|| 5);
    unsafe { after_work_cb(Box::into_raw(Box::new(once)).cast(), 0) };
    println!(
        "{:?} {:?} {:?}",
        resolved(1),
        exit_cb(std::ptr::null_mut(), 3, 0),
        exit_cb(std::ptr::null_mut(), 999, 11)
    );
    println!("{:?} {:?}", sized::<3, _>(7u8), sized::<0, _>('x'));
}
