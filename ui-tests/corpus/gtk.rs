//! Trampolines of an object system: signals, properties, virtual functions, closures.
#![allow(dead_code, non_camel_case_types, non_upper_case_globals, clippy::all)]
use guarded_callback::guarded_callback;
use std::ffi::{c_int, c_uint, c_void};
use std::fmt::Debug;
use std::ops::Deref;
pub type gpointer = *mut c_void;
pub type gboolean = c_int;
pub type guint = c_uint;
mod ffi {
    #![allow(non_upper_case_globals)]
    pub const body: u32 = 1;
    pub const call: u32 = 2;
    pub const result: u32 = 3;
    pub const a: u32 = 4;
    pub static f: u32 = 5;
    pub const name: u32 = 6;
    pub const callback: u32 = 7;
    #[allow(non_camel_case_types)]
    pub struct private;
    pub fn core() -> u32 {
        8
    }
}
use ffi::*;
pub const GFALSE: gboolean = 0;
pub trait IsA<T> {}
pub trait ObjectType {
    const TYPE: &'static str;
}
#[derive(Debug)]
#[repr(C)]
pub struct Widget {
    width: i32,
}
impl IsA<Widget> for Widget {}
impl ObjectType for Widget {
    const TYPE: &'static str = "Widget";
}
struct Borrowed<T>(T);
impl<T> Deref for Borrowed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
pub trait WidgetExt: IsA<Widget> + ObjectType + Sized + 'static {
    fn connect_resize<F: Fn(&Self, i32) -> bool + 'static>(&self, handler: F) -> bool {
        #[guarded_callback]
        unsafe extern "C" fn resize_trampoline<
            P: IsA<Widget> + ObjectType,
            F: Fn(&P, i32) -> bool + 'static,
        >(
            this: *mut Widget,
            width: c_int,
            f0: gpointer,
        ) -> gboolean {
            let handler: &F = unsafe { &*(f0 as *const F) };
            let this = Borrowed(this);
            handler(unsafe { &*(*this as *const P) }, width) as gboolean
        }
        let handler: Box<F> = Box::new(handler);
        let p = Box::into_raw(handler);
        let answer = unsafe {
            resize_trampoline::<Self, F>(std::ptr::from_ref(self).cast_mut().cast(), 4, p.cast())
        } != GFALSE;
        unsafe { drop(Box::from_raw(p)) };
        answer
    }
    #[guarded_callback(reserve = "64 KiB")]
    unsafe extern "C" fn instance_init(obj: *mut Self, class: gpointer) -> usize {
        let _ = class;
        Self::TYPE.len() + unsafe { size_of_val(&*obj) }
    }
    #[guarded_callback]
    extern "C" fn dispose(&self) -> &'static str {
        <Self as ObjectType>::TYPE
    }
}
use std::mem::size_of_val;
impl WidgetExt for Widget {}
pub trait Impl {
    fn measure(&self, orientation: u8, for_size: i32) -> (i32, i32);
}
struct Button {
    label: &'static str,
}
impl Impl for Button {
    fn measure(&self, o: u8, s: i32) -> (i32, i32) {
        (self.label.len() as i32 * i32::from(o), s)
    }
}
#[guarded_callback]
unsafe extern "C" fn widget_measure<T: Impl>(
    ptr: *mut T,
    orientation: u8,
    for_size: c_int,
    min: *mut c_int,
    nat: *mut c_int,
) {
    let (m, n) = unsafe { &*ptr }.measure(orientation, for_size);
    unsafe {
        *min = m;
        if !nat.is_null() {
            *nat = n;
        }
    }
}
#[guarded_callback]
unsafe extern "C" fn source_func<F: FnMut() -> std::ops::ControlFlow<()> + 'static>(
    func: gpointer,
) -> gboolean {
    let func: &mut F = unsafe { &mut *(func as *mut F) };
    match func() {
        std::ops::ControlFlow::Continue(()) => 1,
        std::ops::ControlFlow::Break(()) => GFALSE,
    }
}
#[guarded_callback(fallback = GFALSE)]
unsafe extern "C" fn destroy_closure<F>(ptr: gpointer) -> gboolean {
    unsafe {
        let _ = Box::<F>::from_raw(ptr as *mut F);
    }
    1
}
#[guarded_callback]
unsafe extern "C" fn marshal(
    closure: *mut c_void,
    return_value: *mut i64,
    n: guint,
    params: *const i64,
    hint: gpointer,
    data: gpointer,
) {
    let _ = (closure, hint, data);
    let params = unsafe { std::slice::from_raw_parts(params, n as usize) };
    unsafe {
        return_value.write(
            params.iter().sum::<i64>()
                + i64::from(body + call + result + a + f + name + callback + core()),
        )
    }
}
#[guarded_callback]
extern "C" fn show<T>(value: &T, #[allow(unused_variables)] depth: usize) -> String
where
    T: Debug + ?Sized,
{
    format!("{value:?}")
}
#[guarded_callback]
extern "C" fn compare(
    (a1, b1): (u8, u8),
    [x, .., z]: [i8; 3],
    Borrowed(inner): Borrowed<i32>,
    private: private,
) -> bool {
    let _unit = private;
    a1 == b1 || x == z || inner == 1
}
fn main() {
    println!(
        "{} {}",
        Widget { width: 2 }.connect_resize(|w, n| w.width < n),
        Widget { width: 9 }.connect_resize(|w, n| w.width < n)
    );
    let mut w = Widget { width: 1 };
    println!("{} {}", unsafe { Widget::instance_init(&mut w, std::ptr::null_mut()) }, w.dispose());
    let (mut min, mut nat) = (0, 0);
    unsafe { widget_measure(&mut Button { label: "ok" }, 3, 7, &mut min, &mut nat) };
    println!("{min} {nat}");
    let mut left = 2;
    let mut tick = move || {
        left -= 1;
        if left > 0 {
            std::ops::ControlFlow::Continue(())
        } else {
            std::ops::ControlFlow::Break(())
        }
    };
    fn of<F: FnMut() -> std::ops::ControlFlow<()> + 'static>(
        _: &F,
    ) -> unsafe extern "C" fn(gpointer) -> gboolean {
        source_func::<F>
    }
    println!("{} {}", unsafe { of(&tick)((&raw mut tick).cast()) }, unsafe {
        of(&tick)((&raw mut tick).cast())
    });
    println!("{}", unsafe {
        destroy_closure::<String>(Box::into_raw(Box::new(String::new())).cast())
    });
    let mut out = 0;
    unsafe {
        marshal(
            std::ptr::null_mut(),
            &mut out,
            2,
            [1, 2].as_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        )
    };
    println!("{out}");
    println!(
        "{} {} {}",
        show("text", 1),
        show(&[1, 2][..], 2),
        compare((1, 2), [3, 4, 5], Borrowed(1), private)
    );
}
