//! Shapes of real bindings, odd ones.
#![allow(improper_ctypes_definitions, dead_code, non_camel_case_types, non_snake_case, clippy::all)]
#![warn(unused)]
use guarded_callback::guarded_callback;
use std::ffi::{CStr, CString, c_char, c_int, c_long, c_void};
use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr, slice,
};
type size_t = usize;
#[allow(non_snake_case)]
fn C(text: &'static [u8]) -> &'static CStr {
    CStr::from_bytes_with_nul(text).unwrap()
}
// curl: easy handler callbacks with a panic slot.
thread_local!(static LAST: RefCell<Option<Box<dyn std::any::Any + Send>>> = RefCell::new(None));
fn caught<T, F: FnOnce() -> T>(f: F) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(t) => Some(t),
        Err(e) => {
            LAST.with(|s| *s.borrow_mut() = Some(e));
            None
        }
    }
}
pub trait Handler {
    fn write(&mut self, data: &[u8]) -> Result<usize, i32> {
        let _ = data;
        Ok(data.len())
    }
    fn progress(&mut self, a: f64, b: f64) -> bool;
}
struct Inner<H> {
    handler: H,
}
#[guarded_callback]
extern "C" fn write_cb<H: Handler>(
    ptr: *mut c_char,
    size: size_t,
    nmemb: size_t,
    data: *mut c_void,
) -> size_t {
    let ret = caught(|| unsafe {
        let input = slice::from_raw_parts(ptr as *const u8, size * nmemb);
        (*(data as *mut Inner<H>)).handler.write(input)
    });
    match ret {
        Some(Ok(s)) => s,
        Some(Err(_)) | None => !0,
    }
}
#[guarded_callback]
extern "C" fn progress_cb<H: Handler>(
    data: *mut c_void,
    dltotal: f64,
    dlnow: f64,
    _: f64,
    _: f64,
) -> c_int {
    let keep = caught(|| unsafe { (*(data as *mut Inner<H>)).handler.progress(dltotal, dlnow) })
        .unwrap_or(false);
    if keep { 0 } else { 1 }
}
struct Hd(Vec<u8>);
impl Handler for Hd {
    fn write(&mut self, data: &[u8]) -> Result<usize, i32> {
        self.0.extend(data);
        if data[0] == b'!' {
            panic!("bang")
        }
        Ok(data.len())
    }
    fn progress(&mut self, a: f64, b: f64) -> bool {
        a > b
    }
}
// git2: macro-made try/bail.
macro_rules! try_cb {
    ($e:expr) => {
        match $e {
            Some(v) => v,
            None => return -1,
        }
    };
}
type TreeWalk<'a> = dyn FnMut(&str, &CStr) -> Option<i32> + 'a;
struct TreeData<'a> {
    callback: &'a mut TreeWalk<'a>,
}
#[guarded_callback]
extern "C" fn treewalk_cb(
    root: *const c_char,
    entry: *const c_char,
    payload: *mut c_void,
) -> c_int {
    match std::panic::catch_unwind(AssertUnwindSafe(|| unsafe {
        let root = match CStr::from_ptr(root).to_str() {
            Ok(v) => v,
            _ => return -1,
        };
        let payload = &mut *(payload as *mut TreeData<'_>);
        let callback = &mut payload.callback;
        try_cb!(callback(root, CStr::from_ptr(entry)))
    })) {
        Ok(v) => v,
        Err(_) => -2,
    }
}
// libuv/mio like: container_of.
#[repr(C)]
struct uv_handle {
    data: *mut c_void,
    kind: c_int,
}
#[repr(C)]
struct uv_timer {
    handle: uv_handle,
    fired: Cell<u32>,
    cb: Option<unsafe extern "C" fn(*mut uv_timer, c_int)>,
}
macro_rules! container_of {
    ($p:expr, $t:ty, $f:ident) => {
        $p.byte_sub(std::mem::offset_of!($t, $f)).cast::<$t>()
    };
}
#[guarded_callback]
unsafe extern "C" fn on_close(h: *mut uv_handle) {
    let t = unsafe { &*container_of!(h, uv_timer, handle) };
    t.fired.set(t.fired.get() + 1);
}
impl uv_timer {
    const CB: unsafe extern "C" fn(*mut uv_timer, c_int) = Self::fire;
    #[guarded_callback(reserve = "64 KiB")]
    unsafe extern "C" fn fire(this: *mut Self, status: c_int) {
        let Self { fired, handle, .. } = unsafe { &*this };
        fired.set(fired.get() + status as u32 + handle.kind as u32)
    }
}
// openssl: ALPN, verify; index from generics.
fn index<T: 'static>() -> std::any::TypeId {
    std::any::TypeId::of::<T>()
}
#[guarded_callback(fallback = 2)]
unsafe extern "C" fn raw_alpn<F>(
    ssl: *mut c_void,
    out: *mut *const u8,
    outlen: *mut u8,
    inbuf: *const u8,
    inlen: u32,
    _arg: *mut c_void,
) -> c_int
where
    F: Fn(&[u8]) -> Result<&[u8], u8> + 'static + Sync + Send,
{
    let _ = index::<F>();
    let callback = unsafe { &*(ssl as *const F) };
    let protos = unsafe { slice::from_raw_parts(inbuf, inlen as usize) };
    match callback(protos) {
        Ok(proto) => {
            unsafe {
                *out = proto.as_ptr();
                *outlen = proto.len() as u8;
            }
            0
        }
        Err(e) => e as c_int,
    }
}
// jni
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct JObj<'l>(*mut c_void, std::marker::PhantomData<&'l ()>);
pub struct Env<'l>(u8, std::marker::PhantomData<&'l ()>);
impl<'l> Env<'l> {
    fn new_string(&mut self, s: impl AsRef<str>) -> Result<JObj<'l>, String> {
        if s.as_ref().is_empty() {
            Err("e".into())
        } else {
            Ok(JObj(s.as_ref().len() as *mut _, Default::default()))
        }
    }
}
#[guarded_callback]
pub extern "system" fn Java_a_B_hello<'local>(
    mut env: Env<'local>,
    _class: JObj<'local>,
    input: &str,
) -> JObj<'local> {
    let r: Result<_, String> = (|| {
        let s = env.new_string(format!("{input}"))?;
        Ok(s)
    })();
    r.unwrap_or_else(|_| JObj(ptr::null_mut(), Default::default()))
}
// winapi
type HWND = *mut c_void;
type LRESULT = isize;
type WPARAM = usize;
type LPARAM = isize;
#[guarded_callback]
unsafe extern "system" fn wndproc(hwnd: HWND, msg: u32, wparam: WPARAM, lparam: LPARAM) -> LRESULT {
    const WM_CREATE: u32 = 1;
    const WM_DESTROY: u32 = 2;
    match msg {
        WM_CREATE => {
            let p = lparam as *mut i32;
            unsafe { *p += wparam as i32 }
            0
        }
        WM_DESTROY | 3..=5 if hwnd.is_null() => -1,
        m => m as LRESULT,
    }
}
#[guarded_callback]
extern "system" fn enum_windows(h: HWND, l: LPARAM) -> i32 {
    let v = unsafe { &mut *(l as *mut Vec<usize>) };
    v.push(h as usize);
    (v.len() < 2).into()
}
// mlua
unsafe fn callback_error<F, R>(f: F) -> R
where
    F: FnOnce() -> Result<R, String>,
    R: Default,
{
    f().unwrap_or_default()
}
#[guarded_callback]
unsafe extern "C-unwind" fn call_callback(state: *mut c_void) -> c_int {
    let upvalue = state as *mut Vec<i64>;
    unsafe {
        callback_error(|| {
            let v = &mut *upvalue;
            v.push(v.len() as i64);
            if v.len() > 3 {
                return Err("too many".to_string());
            }
            Ok(v.len() as c_int)
        })
    }
}
#[guarded_callback]
unsafe extern "C-unwind" fn userdata_gc<T>(p: *mut T) -> c_int {
    unsafe { ptr::drop_in_place(p) };
    std::mem::size_of::<T>() as c_int
}
// gtk
pub type GFunc = Option<unsafe extern "C" fn(*mut c_void) -> c_int>;
fn into_raw<F: FnMut() -> bool + Send + 'static>(func: F) -> (GFunc, *mut c_void) {
    #[guarded_callback]
    unsafe extern "C" fn trampoline<F: FnMut() -> bool + Send + 'static>(
        func: *mut c_void,
    ) -> c_int {
        let func: &RefCell<F> = unsafe { &*(func as *const RefCell<F>) };
        (*func.borrow_mut())().into()
    }
    (Some(trampoline::<F>), Box::into_raw(Box::new(RefCell::new(func))) as *mut c_void)
}
// napi / pyo3
#[guarded_callback]
pub unsafe extern "C" fn __pyo3_tp_new(
    slf: *mut c_void,
    args: *const *mut c_void,
    nargs: isize,
    kw: *mut c_void,
) -> *mut c_void {
    let _ = (slf, kw);
    if nargs > 0 { unsafe { *args } } else { ptr::null_mut() }
}
mod generated {
    #![allow(warnings)]
    use super::*;
    pub unsafe fn wrap(env: *mut c_void, f: unsafe fn(*mut c_void) -> Result<i32, String>) -> i32 {
        unsafe { f(env) }.unwrap_or(-9)
    }
    #[guarded_callback]
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn __napi__fn_x(env: *mut c_void, cb: *mut c_void) -> i32 {
        unsafe {
            wrap(cb, |e| {
                let n: &i32 = &*e.cast();
                Ok::<_, String>(*n)
            }) + wrap(env, |_| Err("x".into()))
        }
    }
}
// rusqlite
struct Ctx {
    out: Option<String>,
}
#[guarded_callback]
unsafe extern "C" fn call_scalar<F, T>(ctx: *mut Ctx, argc: c_int, argv: *mut *mut c_char)
where
    F: Fn(&[&str]) -> Result<T, String>,
    T: ToString,
{
    let args = unsafe { slice::from_raw_parts(argv, argc as usize) };
    let r = catch_unwind(|| {
        let boxed: *const F = ptr::NonNull::<F>::dangling().as_ptr();
        assert!(!boxed.is_null(), "Internal error - null function pointer");
        let a: Vec<&str> =
            args.iter().map(|p| unsafe { CStr::from_ptr(*p) }.to_str().unwrap()).collect();
        unsafe { (*boxed)(&a) }
    });
    let t = match r {
        Err(_) => {
            unsafe { (*ctx).out = Some("panic".into()) };
            return;
        }
        Ok(r) => r,
    };
    unsafe { (*ctx).out = t.map(|t| t.to_string()).ok() }
}
fn scalar<F: Fn(&[&str]) -> Result<T, String>, T: ToString>(_: F, a: &[&str]) -> Option<String> {
    let c: Vec<CString> = a.iter().map(|s| CString::new(*s).unwrap()).collect();
    let mut p: Vec<*mut c_char> = c.iter().map(|s| s.as_ptr() as *mut _).collect();
    let mut ctx = Ctx { out: None };
    unsafe { call_scalar::<F, T>(&mut ctx, p.len() as c_int, p.as_mut_ptr()) };
    ctx.out
}
#[guarded_callback]
extern "C" fn compare(a: *const c_void, b: *const c_void) -> c_int {
    let (a, b) = unsafe { (&*(a as *const c_long), &*(b as *const c_long)) };
    a.cmp(b) as c_int
}
static VTABLE: VTable = VTable {
    size: size_of::<VTable>(),
    cmp: Some(compare),
    close: {
        #[guarded_callback]
        unsafe extern "C" fn close(p: *mut c_void) -> c_int {
            if p.is_null() {
                return 1;
            }
            0
        }
        Some(close)
    },
};
#[repr(C)]
struct VTable {
    size: usize,
    cmp: Option<extern "C" fn(*const c_void, *const c_void) -> c_int>,
    close: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut h = Inner { handler: Hd(vec![]) };
    let p = &mut h as *mut _ as *mut c_void;
    let mut b = *b"!abc";
    println!(
        "{} {} {}",
        write_cb::<Hd>(b[1..].as_mut_ptr().cast(), 1, 3, p),
        write_cb::<Hd>(b.as_mut_ptr().cast(), 1, 3, p) as isize,
        progress_cb::<Hd>(p, 2.0, 1.0, 0.0, 0.0)
    );
    println!("{:?} {}", h.handler.0, LAST.take().is_some());
    let mut seen = vec![];
    let mut f = |a: &str, b: &CStr| {
        seen.push(format!("{a}{b:?}"));
        if a == "n" { None } else { Some(7) }
    };
    let mut td = TreeData { callback: &mut f };
    let tp = &mut td as *mut _ as *mut c_void;
    println!(
        "{} {}",
        treewalk_cb(C(b"r\0").as_ptr(), C(b"e\0").as_ptr(), tp),
        treewalk_cb(C(b"n\0").as_ptr(), C(b"e\0").as_ptr(), tp)
    );
    println!("{seen:?}");
    let mut t = uv_timer {
        handle: uv_handle { data: ptr::null_mut(), kind: 4 },
        fired: Cell::new(0),
        cb: Some(uv_timer::CB),
    };
    unsafe {
        on_close(&mut t.handle);
        (t.cb.unwrap())(&mut t, 10);
    }
    println!("{}", t.fired.get());
    fn alpn<F: Fn(&[u8]) -> Result<&[u8], u8> + 'static + Sync + Send>(f: F) -> (c_int, u8) {
        let (mut o, mut l) = (ptr::null(), 0);
        let r = unsafe {
            raw_alpn::<F>(
                &f as *const F as *mut c_void,
                &mut o,
                &mut l,
                b"h2h3".as_ptr(),
                4,
                ptr::null_mut(),
            )
        };
        (r, l)
    }
    println!("{:?} {:?}", alpn(|x| Ok(&x[1..])), alpn(|_| Err(3)));
    println!(
        "{:?} {:?}",
        Java_a_B_hello(
            Env(1, Default::default()),
            JObj(ptr::null_mut(), Default::default()),
            "abc"
        )
        .0,
        Java_a_B_hello(Env(1, Default::default()), JObj(ptr::null_mut(), Default::default()), "").0
    );
    let mut n = 1;
    unsafe {
        println!(
            "{} {} {} {n}",
            wndproc(ptr::null_mut(), 1, 4, &mut n as *mut i32 as isize),
            wndproc(ptr::null_mut(), 4, 0, 0),
            wndproc(ptr::null_mut(), 40, 0, 0)
        )
    }
    let mut v: Vec<usize> = vec![];
    println!(
        "{} {}",
        enum_windows(1 as _, &mut v as *mut _ as isize),
        enum_windows(2 as _, &mut v as *mut _ as isize)
    );
    let mut v = vec![1i64];
    unsafe {
        println!(
            "{} {} {}",
            call_callback(&mut v as *mut _ as *mut _),
            call_callback(&mut v as *mut _ as *mut _),
            call_callback(&mut v as *mut _ as *mut _)
        );
        let mut s = std::mem::ManuallyDrop::new(String::from("x"));
        println!("{}", userdata_gc(&mut *s as *mut String));
    }
    let mut k = 0;
    let (f, d) = into_raw(move || {
        k += 1;
        k < 2
    });
    unsafe { println!("{} {}", f.unwrap()(d), f.unwrap()(d)) }
    unsafe {
        println!(
            "{:?} {}",
            __pyo3_tp_new(ptr::null_mut(), [5 as *mut c_void].as_ptr(), 1, ptr::null_mut()),
            generated::__napi__fn_x(ptr::null_mut(), &mut 5 as *mut i32 as *mut _)
        )
    }
    println!(
        "{:?} {:?} {:?}",
        scalar(|a| Ok(a.len()), &["a", "b"]),
        scalar(|a| Ok::<i32, _>(a[7].parse().unwrap()), &["a"]),
        scalar(|a| a[0].parse::<i32>().map_err(|e| e.to_string()), &["x"])
    );
    let mut l = [3 as c_long, 1, 2];
    l.sort_by(|a, b| (VTABLE.cmp.unwrap())(a as *const _ as _, b as *const _ as _).cmp(&0));
    println!("{l:?} {} {}", unsafe { VTABLE.close.unwrap()(ptr::null_mut()) }, VTABLE.size);
}
