//! Native methods of a virtual machine: "system" functions with lifetimes of an environment.
#![allow(dead_code, non_snake_case, non_camel_case_types, clippy::all)]
use guarded_callback::guarded_callback;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
pub type jint = i32;
pub type jlong = i64;
pub type jdouble = f64;
pub type jboolean = u8;
pub type jstring = *mut u8;
#[derive(Clone)]
#[repr(transparent)]
pub struct JNIEnv<'local>(*mut Vec<String>, PhantomData<&'local ()>);
impl<'local> JNIEnv<'local> {
    fn throw(&mut self, text: impl Into<String>) {
        unsafe { (*self.0).push(text.into()) }
    }
}
#[derive(Debug)]
#[repr(transparent)]
pub struct JObject<'local>(usize, PhantomData<&'local ()>);
pub struct JString<'local>(JObject<'local>);
impl<'local> std::ops::Deref for JString<'local> {
    type Target = JObject<'local>;
    fn deref(&self) -> &JObject<'local> {
        &self.0
    }
}
struct Handle {
    name: String,
    total: f64,
}
#[guarded_callback(fallback = 0)]
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_example_Native_create<'local>(
    mut env: JNIEnv<'local>,
    _class: JObject<'local>,
    name: JString<'local>,
) -> jlong {
    if name.0.0 == 0 {
        env.throw("null");
        return 0;
    }
    Box::into_raw(Box::new(Handle { name: format!("n{}", name.0.0), total: 0.5 })) as jlong
}
#[guarded_callback]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_org_example_Native_add(
    _env: JNIEnv,
    _this: JObject,
    handle: jlong,
    a: jdouble,
    b: f32,
    c: jint,
) -> jdouble {
    let handle = unsafe { &mut *(handle as *mut Handle) };
    handle.total += a + f64::from(b) + f64::from(c);
    handle.total
}
#[guarded_callback]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_org_example_Native_destroy(
    _: JNIEnv<'_>,
    _: JObject<'_>,
    handle: jlong,
) {
    let Handle { name, .. } = *unsafe { Box::from_raw(handle as *mut Handle) };
    println!("destroyed {name}");
}
#[guarded_callback(fallback = -1)]
extern "system" fn risky(env: JNIEnv<'_>, denominator: jint, fine: bool) -> jint {
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| 10 / denominator));
    let mut env = env;
    match result {
        Ok(n) => n,
        Err(_) if fine => {
            env.throw("/ by zero");
            -2
        }
        Err(e) => std::panic::resume_unwind(e),
    }
}
#[guarded_callback]
extern "system" fn many(
    _env: JNIEnv,
    a0: jint,
    a1: jlong,
    a2: jdouble,
    a3: f32,
    a4: jboolean,
    a5: u16,
    a6: i8,
    a7: jint,
    a8: jlong,
    a9: jdouble,
    a10: jint,
) -> jdouble {
    f64::from(a0)
        + a1 as f64
        + a2
        + f64::from(a3)
        + f64::from(a4)
        + f64::from(a5)
        + f64::from(a6)
        + f64::from(a7)
        + a8 as f64
        + a9
        + f64::from(a10)
}
#[guarded_callback]
extern "system" fn more_than_any(
    a: u8,
    mut b: u16,
    c: u32,
    d: u64,
    (e, _): (f32, String),
    f: f64,
    _: i8,
    h: i16,
    i: i32,
    j: i64,
    k: &str,
    l: String,
    m: bool,
    n: [u8; 3],
) -> String {
    b += u16::from(a);
    format!("{a}{b}{c}{d}{e}{f}{h}{i}{j}{k}{l}{m}{n:?}")
}
#[guarded_callback(fallback = u64::from(a) + u64::from(m))]
extern "C" fn many_with_fallback(
    a: u8,
    b: Vec<u8>,
    c: u32,
    d: u64,
    e: f32,
    f: f64,
    g: i8,
    h: i16,
    i: i32,
    j: i64,
    k: &str,
    l: String,
    m: bool,
) -> u64 {
    let _ = (c, d, e, f, g, h, i, j, k, l);
    if m {
        panic!("{b:?}")
    }
    u64::from(a) + b.len() as u64
}
#[guarded_callback]
extern "system-unwind" fn unwinds(n: jint) -> jint {
    if n > 2 {
        std::panic::panic_any(n)
    }
    n
}
#[guarded_callback(switch = always)]
extern "system" fn JNI_OnLoad(vm: *mut (), _reserved: *mut ()) -> jint {
    const VERSION: jint = 0x0001_0008;
    if vm.is_null() { -1 } else { VERSION }
}
trait Exports<'l> {
    type Object: 'l;
    extern "system" fn get(env: &'l JNIEnv<'l>, object: Self::Object) -> Self::Object;
}
impl<'l> Exports<'l> for Handle {
    type Object = JObject<'l>;
    #[guarded_callback]
    extern "system" fn get(_env: &'l JNIEnv<'l>, object: Self::Object) -> Self::Object {
        object
    }
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut thrown = Vec::new();
    let env = JNIEnv(&raw mut thrown, PhantomData);
    let object = |n| JObject(n, PhantomData);
    println!("{}", Java_org_example_Native_create(env.clone(), object(1), JString(object(0))));
    let handle = Java_org_example_Native_create(env.clone(), object(1), JString(object(4)));
    unsafe {
        println!("{}", Java_org_example_Native_add(env.clone(), object(1), handle, 1.0, 2.0, 3));
        Java_org_example_Native_destroy(env.clone(), object(1), handle)
    };
    println!("{} {} {}", risky(env.clone(), 5, true), risky(env.clone(), 0, true), 0);
    println!("{}", many(env.clone(), 1, 2, 3.5, 4.5, 5, 6, 7, 8, 9, 10.25, 11));
    println!(
        "{}",
        more_than_any(
            1,
            2,
            3,
            4,
            (5.5, String::new()),
            6.5,
            7,
            8,
            9,
            10,
            "k",
            "l".into(),
            true,
            [1; 3]
        )
    );
    println!(
        "{}",
        many_with_fallback(1, vec![1, 2], 3, 4, 5.0, 6.0, 7, 8, 9, 10, "k", "l".into(), false)
    );
    println!(
        "{:?} {}",
        std::panic::catch_unwind(|| unwinds(3)).unwrap_err().downcast_ref::<i32>(),
        unwinds(1)
    );
    println!(
        "{} {:?} {thrown:?}",
        JNI_OnLoad(std::ptr::null_mut(), std::ptr::null_mut()),
        Handle::get(&env, object(6))
    );
}
