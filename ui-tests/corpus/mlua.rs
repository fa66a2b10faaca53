//! Callbacks of an interpreter's state: functions, metamethods, continuations, allocators.
#![allow(dead_code, non_camel_case_types, clippy::all)]
use guarded_callback::guarded_callback;
use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::rc::Rc;

pub struct lua_State {
    stack: Vec<i64>,
    extra: Rc<RefCell<Vec<String>>>,
}
type Function = unsafe extern "C-unwind" fn(*mut lua_State) -> c_int;
pub struct Lua(*mut lua_State);
pub trait UserData {
    fn tag(&self) -> &'static str;
}
impl UserData for i32 {
    fn tag(&self) -> &'static str {
        "i32"
    }
}

#[guarded_callback]
unsafe extern "C-unwind" fn call_callback<F: Fn(&Lua, i64) -> Result<i64, String>>(
    state: *mut lua_State,
    f: *const F,
) -> c_int {
    let lua = Lua(state);
    let top = unsafe { (*state).stack.pop() }.unwrap_or(0);
    match unsafe { (*f)(&lua, top) } {
        Ok(n) => {
            unsafe { (*state).stack.push(n) };
            1
        }
        Err(message) => std::panic::panic_any(message),
    }
}
#[guarded_callback]
unsafe extern "C-unwind" fn error_traceback(state: *mut lua_State) -> c_int {
    let extra = unsafe { Rc::clone(&(*state).extra) };
    extra.borrow_mut().push(format!("depth {}", unsafe { (*state).stack.len() }));
    1
}
#[guarded_callback]
unsafe extern "C-unwind" fn lua_error(_state: *mut lua_State) -> ! {
    std::panic::panic_any("lua error")
}
#[guarded_callback(reserve = 64 * 1024)]
unsafe extern "C" fn allocator(
    extra: *mut c_void,
    ptr: *mut c_void,
    osize: usize,
    nsize: usize,
) -> *mut c_void {
    unsafe { *extra.cast::<isize>() += nsize as isize - osize as isize };
    if nsize == 0 {
        return std::ptr::null_mut();
    }
    ptr
}
#[guarded_callback]
unsafe extern "C-unwind" fn userdata_destructor<T: UserData>(state: *mut lua_State) -> c_int
where
    T: 'static,
{
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let n = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    unsafe { (*state).stack.push(n as i64 + size_of::<T>() as i64) };
    0
}
#[guarded_callback]
unsafe extern "C-unwind" fn metamethod(state: *mut lua_State) -> c_int {
    unsafe fn index(state: *mut lua_State, n: usize) -> Option<i64> {
        unsafe { (&(*state).stack).get(n).copied() }
    }
    'found: {
        for n in (0..3).rev() {
            if let Some(v) = unsafe { index(state, n) } {
                if v > 5 {
                    break 'found n as c_int;
                }
            }
        }
        -1
    }
}
use std::mem::size_of;
impl Lua {
    #[guarded_callback(fallback = 0)]
    unsafe extern "C-unwind" fn continuation(
        state: *mut lua_State,
        status: c_int,
        ctx: isize,
    ) -> c_int {
        let _lua = Self(state);
        if status == 9 {
            panic!("nine")
        }
        status + ctx as c_int
    }
    #[guarded_callback]
    extern "C-unwind" fn state(&self) -> *mut lua_State {
        self.0
    }
}
#[guarded_callback]
unsafe extern "C" fn writer(
    _: *mut lua_State,
    p: *const c_void,
    size: usize,
    data: *mut c_void,
) -> c_int {
    let bytes = unsafe { std::slice::from_raw_parts(p as *const u8, size) };
    unsafe { (*(data as *mut Vec<u8>)).extend_from_slice(bytes) };
    0
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut state = lua_State { stack: vec![1, 7], extra: Rc::default() };
    let s = &raw mut state;
    let f = |_: &Lua, n: i64| if n > 0 { Ok(n * 2) } else { Err(format!("bad {n}")) };
    fn of<F: Fn(&Lua, i64) -> Result<i64, String>>(
        _: &F,
    ) -> unsafe extern "C-unwind" fn(*mut lua_State, *const F) -> c_int {
        call_callback::<F>
    }
    println!("{} {:?}", unsafe { of(&f)(s, &f) }, state.stack);
    state.stack = vec![-1];
    let caught =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| unsafe { of(&f)(s, &f) }))
            .unwrap_err();
    println!("{:?}", caught.downcast_ref::<String>());
    unsafe { error_traceback(s) };
    println!("{:?}", state.extra);
    println!(
        "{:?}",
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| unsafe { lua_error(s) }))
            .unwrap_err()
            .downcast_ref::<&str>()
    );
    let mut used = 0isize;
    println!(
        "{} {used}",
        unsafe { allocator((&raw mut used).cast(), std::ptr::null_mut(), 3, 0) }.is_null()
    );
    unsafe {
        userdata_destructor::<i32>(s);
        userdata_destructor::<i32>(s)
    };
    println!("{:?} {}", state.stack, unsafe { metamethod(s) });
    println!("{} {}", unsafe { Lua::continuation(s, 1, 2) }, unsafe { Lua::continuation(s, 8, 2) });
    println!("{}", Lua(s).state() == s);
    let mut out: Vec<u8> = Vec::new();
    println!("{} {out:?}", unsafe { writer(s, b"ab".as_ptr().cast(), 2, (&raw mut out).cast()) });
    let table: [Function; 2] = [error_traceback, metamethod];
    println!("{}", table.len());
}
