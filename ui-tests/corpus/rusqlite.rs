//! Scalar and aggregate functions, hooks, collations and virtual tables of a database.
#![allow(dead_code, clippy::all)]
use guarded_callback::guarded_callback;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[repr(C)]
pub struct Context {
    user: *mut c_void,
    result: i64,
    error: Option<CString>,
}
#[repr(C)]
pub struct Value {
    number: i64,
}
pub trait Aggregate<A, T> {
    fn init(&self) -> A;
    fn step(&self, a: &mut A, v: &[&Value]);
    fn finalize(&self, a: Option<A>) -> T;
}
struct Sum;
impl Aggregate<i64, i64> for Sum {
    fn init(&self) -> i64 {
        10
    }
    fn step(&self, a: &mut i64, v: &[&Value]) {
        *a += v.iter().map(|v| v.number).sum::<i64>();
    }
    fn finalize(&self, a: Option<i64>) -> i64 {
        a.unwrap_or(-1)
    }
}

#[guarded_callback]
unsafe extern "C" fn call_scalar<F, T>(ctx: *mut Context, argc: c_int, argv: *mut *mut Value)
where
    F: Fn(&[&Value]) -> Result<T, String>,
    T: Into<i64>,
{
    unsafe {
        let f = &*(*ctx).user.cast::<F>();
        let args: Vec<&Value> =
            std::slice::from_raw_parts(argv, argc as usize).iter().map(|v| &**v).collect();
        match catch_unwind(AssertUnwindSafe(|| f(&args))) {
            Ok(Ok(t)) => (*ctx).result = t.into(),
            Ok(Err(e)) => (*ctx).error = CString::new(e).ok(),
            Err(_) => (*ctx).result = i64::MIN,
        }
    }
}
#[guarded_callback(reserve = "256 KiB")]
unsafe extern "C" fn call_step<A, D, T>(ctx: *mut Context, argc: c_int, argv: *mut *mut Value)
where
    D: Aggregate<A, T>,
    T: Into<i64>,
    A: Clone + Into<i64>,
{
    let _types: PhantomData<(A, T)> = PhantomData;
    unsafe {
        let mut a = (*(*ctx).user.cast::<D>()).init();
        let args: Vec<&Value> = (0..argc as usize).map(|i| &**argv.add(i)).collect();
        (*(*ctx).user.cast::<D>()).step(&mut a, &args);
        (*ctx).result = a.clone().into();
    }
}
#[guarded_callback(fallback = ())]
unsafe extern "C" fn call_final<A, D, T>(ctx: *mut Context)
where
    D: Aggregate<A, T>,
    T: Into<i64>,
{
    unsafe { (*ctx).result = (*(*ctx).user.cast::<D>()).finalize(None).into() }
}
#[guarded_callback]
unsafe extern "C" fn free_boxed<T>(p: *mut c_void) {
    unsafe { drop(Box::from_raw(p.cast::<T>())) }
}
#[guarded_callback(fallback = 1)]
unsafe extern "C" fn busy_handler<F: FnMut(i32) -> bool>(p: *mut c_void, times: c_int) -> c_int {
    if unsafe { (*p.cast::<F>())(times) } { 1 } else { 0 }
}
#[guarded_callback(switch = always)]
unsafe extern "C" fn collate(
    arg: *mut c_void,
    left_len: c_int,
    left: *const c_void,
    right_len: c_int,
    right: *const c_void,
) -> c_int {
    let slice = |p: *const c_void, n: c_int| unsafe {
        std::slice::from_raw_parts(p.cast::<u8>(), n as usize)
    };
    let _ = arg;
    slice(left, left_len).cmp(slice(right, right_len)) as c_int
}
#[guarded_callback]
unsafe extern "C" fn update_hook<F: FnMut(&str, i64)>(
    p: *mut c_void,
    _op: c_int,
    _db: *const c_char,
    table: *const c_char,
    row: i64,
) {
    let Ok(name) = (unsafe { CStr::from_ptr(table) }).to_str() else { return };
    unsafe { (*p.cast::<F>())(name, row) }
}
#[repr(C)]
struct Cursor<'vtab> {
    rows: &'vtab [i64],
    at: usize,
}
impl<'vtab> Cursor<'vtab> {
    #[guarded_callback(fallback = 1)]
    unsafe extern "C" fn next(this: *mut Self) -> c_int {
        unsafe {
            (*this).at += 1;
            let rows = (*this).rows;
            i32::from(rows.get((*this).at).is_none())
        }
    }
    #[guarded_callback]
    extern "C" fn eof(&self) -> c_int {
        (self.at >= self.rows.len()) as c_int
    }
    #[guarded_callback]
    extern "C" fn column(&self, n: c_int) -> Option<&'vtab i64> {
        let _ = n;
        self.rows.get(self.at)
    }
}
fn main() {
    let mut one = Value { number: 4 };
    let mut argv = [&raw mut one; 2];
    let f = |v: &[&Value]| -> Result<i32, String> {
        if v.len() > 1 { Ok(v.len() as i32) } else { Err("few".into()) }
    };
    fn call<F: Fn(&[&Value]) -> Result<i32, String>>(
        _: &F,
    ) -> unsafe extern "C" fn(*mut Context, c_int, *mut *mut Value) {
        call_scalar::<F, i32>
    }
    let mut ctx = Context { user: (&raw const f).cast_mut().cast(), result: 0, error: None };
    unsafe {
        call(&f)(&mut ctx, 2, argv.as_mut_ptr());
        call(&f)(&mut ctx, 1, argv.as_mut_ptr())
    };
    println!("{} {:?}", ctx.result, ctx.error);
    let mut ctx =
        Context { user: std::ptr::from_ref(&Sum).cast_mut().cast(), result: 0, error: None };
    unsafe { call_step::<i64, Sum, i64>(&mut ctx, 2, argv.as_mut_ptr()) };
    print!("{} ", ctx.result);
    unsafe { call_final::<i64, Sum, i64>(&mut ctx) };
    println!("{}", ctx.result);
    unsafe { free_boxed::<String>(Box::into_raw(Box::new(String::from("x"))).cast()) };
    let mut busy = |n: i32| n < 3;
    fn handler<F: FnMut(i32) -> bool>(_: &F) -> unsafe extern "C" fn(*mut c_void, c_int) -> c_int {
        busy_handler::<F>
    }
    println!("{} {}", unsafe { handler(&busy)((&raw mut busy).cast(), 1) }, unsafe {
        handler(&busy)((&raw mut busy).cast(), 5)
    });
    println!("{}", unsafe {
        collate(std::ptr::null_mut(), 1, b"a\0".as_ptr().cast(), 1, b"b\0".as_ptr().cast())
    });
    let mut seen = Vec::new();
    let mut hook = |t: &str, r: i64| seen.push((t.to_owned(), r));
    fn updates<F: FnMut(&str, i64)>(
        _: &F,
    ) -> unsafe extern "C" fn(*mut c_void, c_int, *const c_char, *const c_char, i64) {
        update_hook::<F>
    }
    unsafe {
        updates(&hook)(
            (&raw mut hook).cast(),
            1,
            b"main\0".as_ptr().cast(),
            b"t\0".as_ptr().cast(),
            7,
        )
    };
    println!("{seen:?}");
    let rows = [1, 2];
    let mut cursor = Cursor { rows: &rows, at: 0 };
    println!("{} {:?} {}", unsafe { Cursor::next(&mut cursor) }, cursor.column(0), cursor.eof());
}
