//! Callbacks of a JavaScript engine's binding layer.
#![allow(dead_code, non_camel_case_types, clippy::all)]
use guarded_callback::guarded_callback;
use std::ffi::{c_char, c_void};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
pub type napi_env = *mut Env;
pub type napi_value = *mut c_void;
pub type napi_callback_info = *mut Vec<i64>;
#[derive(Default)]
pub struct Env {
    error: Option<String>,
    scopes: usize,
}
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Status {
    Ok,
    Failed,
}
pub trait ToNapi {
    fn to_napi(self) -> napi_value;
}
impl ToNapi for i64 {
    fn to_napi(self) -> napi_value {
        self as usize as napi_value
    }
}
pub trait Task {
    type Output: ToNapi;
    const NAME: &'static str;
    fn compute(&mut self) -> Result<Self::Output, String>;
}

#[guarded_callback]
unsafe extern "C" fn function(env: napi_env, info: napi_callback_info) -> napi_value {
    match unsafe { (*info).iter().copied().try_fold(0i64, i64::checked_add) } {
        Some(n) => n.to_napi(),
        None => unsafe {
            (*env).error = Some(format!("{} overflows", function_name()));
            std::ptr::null_mut()
        },
    }
}
fn function_name() -> &'static str {
    "add"
}
#[guarded_callback(fallback = std::ptr::null_mut())]
extern "C" fn catches(env: napi_env, info: napi_callback_info) -> napi_value {
    let _ = env;
    let v = unsafe { &*info };
    v[3].to_napi()
}
#[guarded_callback]
unsafe extern "C" fn execute<T: Task>(_env: napi_env, data: *mut c_void) {
    let task = unsafe { &mut *data.cast::<Work<T>>() };
    task.result = Some(task.task.compute());
}
#[guarded_callback]
unsafe extern "C" fn complete<T: Task>(env: napi_env, status: Status, data: *mut c_void)
where
    T::Output: ToNapi,
{
    let work = unsafe { Box::from_raw(data.cast::<Work<T>>()) };
    let Work { result: Some(Ok(value)), .. } = *work else {
        unsafe { (*env).error = Some(format!("{}: {status:?}", T::NAME)) };
        return;
    };
    let _ = value.to_napi();
    unsafe { (*env).scopes += 1 };
}
struct Work<T: Task> {
    task: T,
    result: Option<Result<T::Output, String>>,
}
struct Square(i64);
impl Task for Square {
    type Output = i64;
    const NAME: &'static str = "Square";
    #[guarded_callback]
    fn compute(&mut self) -> Result<Self::Output, String> {
        self.0.checked_mul(self.0).ok_or_else(|| Self::NAME.to_owned())
    }
}
#[guarded_callback]
unsafe extern "C" fn finalize_arc<T: Send + Sync + 'static>(
    _env: napi_env,
    data: *mut c_void,
    _hint: *mut c_void,
) {
    drop(unsafe { Arc::from_raw(data as *const T) });
}
struct Ready(u8);
impl Future for Ready {
    type Output = u8;
    #[guarded_callback]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u8> {
        if self.0 > 1 {
            Poll::Ready(self.0)
        } else {
            self.0 += 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
}
macro_rules! register {
    ($(($name:ident, $($arg:ident : $ty:ty),* => $body:expr)),* $(,)?) => { $(
        #[guarded_callback] pub extern "C" fn $name($($arg: $ty),*) -> i64 { $body }
    )* };
}
register! {
    (plus, a: i64, b: i64 => a + b), (negated, a: i64 => { let a = -a; a }), (nothing, => 0)
}
#[guarded_callback]
extern "C" fn instance_data(env: napi_env, key: *const c_char, init: fn() -> Env) -> usize {
    let _ = key;
    if env.is_null() { init().scopes } else { unsafe { (*env).scopes } }
}
#[guarded_callback(switch = always, foreign = stay)]
extern "C" fn tsfn<'a>(
    env: napi_env,
    callback: Option<&'a (dyn Fn(i32) -> &'a str + 'a)>,
    n: i32,
) -> &'a str {
    let _ = env;
    callback.map(|c| c(n)).unwrap_or_default()
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut env = Env::default();
    let e = &raw mut env;
    let mut info = vec![1, 2];
    println!("{:?}", unsafe { function(e, &mut info) } as usize);
    info.push(i64::MAX);
    println!("{} {:?}", unsafe { function(e, &mut info) }.is_null(), env.error.take());
    info.push(5);
    println!("{}", catches(e, &mut info) as usize);
    for n in [3, i64::MAX] {
        let work = Box::into_raw(Box::new(Work { task: Square(n), result: None })).cast();
        unsafe {
            execute::<Square>(e, work);
            complete::<Square>(e, Status::Failed, work)
        };
        println!("{} {:?}", env.scopes, env.error);
    }
    let shared = Arc::new(String::from("s"));
    unsafe {
        finalize_arc::<String>(
            e,
            Arc::into_raw(shared.clone()).cast_mut().cast(),
            std::ptr::null_mut(),
        )
    };
    println!("{}", Arc::strong_count(&shared));
    let mut cx = Context::from_waker(Waker::noop());
    let mut ready = Ready(1);
    println!("{:?} {:?}", Pin::new(&mut ready).poll(&mut cx), Pin::new(&mut ready).poll(&mut cx));
    println!("{} {} {}", plus(1, 2), negated(3), nothing());
    println!(
        "{} {}",
        instance_data(std::ptr::null_mut(), std::ptr::null(), || Env { error: None, scopes: 8 }),
        instance_data(e, std::ptr::null(), Env::default)
    );
    let f = |n: i32| if n > 0 { "more" } else { "less" };
    println!("{}{} ", tsfn(e, Some(&f), 2), tsfn(e, None, 1));
}
