//! Procedures of a window system and of its threads, in shapes that build everywhere.
#![allow(dead_code, non_snake_case, non_camel_case_types, clippy::upper_case_acronyms, clippy::all)]
use guarded_callback::guarded_callback;
use std::ffi::c_void;
pub type HWND = *mut c_void;
pub type UINT = u32;
pub type WPARAM = usize;
pub type LPARAM = isize;
pub type LRESULT = isize;
pub type BOOL = i32;
pub type DWORD = u32;
pub type LPVOID = *mut c_void;
pub const TRUE: BOOL = 1;
const WM_CREATE: UINT = 1;
const WM_DESTROY: UINT = 2;
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RECT {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}
#[repr(C)]
pub struct EXCEPTION_POINTERS {
    code: DWORD,
}
trait Window {
    fn on_message(&mut self, message: UINT, wparam: WPARAM) -> Option<LRESULT>;
}
struct Main {
    created: usize,
}
impl Window for Main {
    fn on_message(&mut self, m: UINT, w: WPARAM) -> Option<LRESULT> {
        match m {
            WM_CREATE => {
                self.created += w;
                Some(0)
            }
            WM_DESTROY => None,
            other => Some(other as LRESULT),
        }
    }
}
#[guarded_callback(switch = when_low)]
unsafe extern "system" fn window_proc<W: Window>(
    hwnd: HWND,
    message: UINT,
    wparam: WPARAM,
    lparam: LPARAM,
) -> LRESULT {
    let Some(window) = (unsafe { hwnd.cast::<W>().as_mut() }) else { return lparam };
    window
        .on_message(message, wparam)
        .unwrap_or_else(|| def_window_proc(hwnd, message, wparam, lparam))
}
fn def_window_proc(_: HWND, m: UINT, w: WPARAM, l: LPARAM) -> LRESULT {
    m as LRESULT + w as LRESULT + l
}
#[guarded_callback]
unsafe extern "system" fn enum_windows<F: FnMut(HWND) -> bool>(hwnd: HWND, lparam: LPARAM) -> BOOL {
    let f = lparam as *mut F;
    i32::from(unsafe { (*f)(hwnd) })
}
#[guarded_callback(reserve = "512 KiB", fallback = 0xC000_00FD)]
unsafe extern "system" fn thread_start(parameter: LPVOID) -> DWORD {
    let main = unsafe { Box::from_raw(parameter.cast::<Box<dyn FnOnce() -> DWORD>>()) };
    (*main)()
}
#[guarded_callback]
unsafe extern "system" fn vectored(info: *mut EXCEPTION_POINTERS) -> i32 {
    match unsafe { &*info } {
        EXCEPTION_POINTERS { code: 0x8000_0000.. } => -1,
        EXCEPTION_POINTERS { code } => *code as i32,
    }
}
#[guarded_callback]
extern "system" fn monitor(_: HWND, _: HWND, rect: RECT, list: &mut Vec<RECT>) -> BOOL {
    if list.contains(&rect) {
        return 0;
    }
    list.push(rect);
    TRUE
}
#[guarded_callback]
extern "system" fn hook(code: i32, wparam: WPARAM, lparam: LPARAM) -> LRESULT {
    #![allow(unused_assignments)]
    let mut answer = 0;
    answer = if code < 0 { 0 } else { wparam as LRESULT };
    answer ^ lparam
}
#[guarded_callback]
extern "system" fn ctrl_handler(kind: DWORD) -> BOOL {
    matches!(kind, 0..=2) as BOOL
}
#[guarded_callback(foreign = switch)]
unsafe extern "system" fn fiber(parameter: LPVOID) {
    unsafe { *parameter.cast::<u32>() |= 8 }
}
#[guarded_callback]
unsafe extern "system" fn completion(error: DWORD, bytes: DWORD, overlapped: *mut (DWORD, DWORD)) {
    unsafe { overlapped.write((error, bytes)) }
}
#[repr(C)]
struct Vtbl {
    query: unsafe extern "system" fn(*mut Unknown, u32, *mut LPVOID) -> i32,
    add_ref: extern "system" fn(&Unknown) -> u32,
}
#[repr(C)]
struct Unknown {
    vtbl: &'static Vtbl,
    count: std::cell::Cell<u32>,
}
impl Unknown {
    const VTBL: Vtbl = Vtbl { query: Self::query, add_ref: Self::add_ref };
    #[guarded_callback]
    unsafe extern "system" fn query(this: *mut Self, id: u32, out: *mut LPVOID) -> i32 {
        if id != 1 {
            return -2_147_467_262;
        }
        unsafe { *out = this.cast() };
        Self::add_ref(unsafe { &*this });
        0
    }
    #[guarded_callback]
    extern "system" fn add_ref(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }
}
#[guarded_callback]
pub mod exported {
    use super::*;
    pub extern "system" fn DllMain(_module: LPVOID, reason: DWORD, _: LPVOID) -> BOOL {
        i32::from(reason < 4)
    }
    pub fn helper() -> u8 {
        3
    }
    impl Unknown {
        pub extern "system" fn release(&self) -> u32 {
            self.count.set(self.count.get() - 1);
            self.count.get()
        }
    }
    pub(super) mod nested {
        pub(crate) extern "C" fn deep(n: u8) -> u8 {
            n + super::helper()
        }
    }
}
fn main() {
    let mut main = Main { created: 0 };
    let h: HWND = (&raw mut main).cast();
    unsafe {
        println!(
            "{} {} {} {}",
            window_proc::<Main>(h, WM_CREATE, 5, 1),
            window_proc::<Main>(h, WM_DESTROY, 5, 1),
            window_proc::<Main>(h, 9, 5, 1),
            window_proc::<Main>(std::ptr::null_mut(), 9, 5, 7)
        )
    };
    println!("{}", main.created);
    let mut seen = 0;
    let mut f = |_: HWND| {
        seen += 1;
        seen < 2
    };
    fn of<F: FnMut(HWND) -> bool>(_: &F) -> unsafe extern "system" fn(HWND, LPARAM) -> BOOL {
        enum_windows::<F>
    }
    let p = &raw mut f as LPARAM;
    println!("{} {}", unsafe { of(&f)(h, p) }, unsafe { of(&f)(h, p) });
    let start: Box<dyn FnOnce() -> DWORD> = Box::new(|| 6);
    println!("{}", unsafe { thread_start(Box::into_raw(Box::new(start)).cast()) });
    println!("{} {}", unsafe { vectored(&mut EXCEPTION_POINTERS { code: 0xC000_0005 }) }, unsafe {
        vectored(&mut EXCEPTION_POINTERS { code: 3 })
    });
    let rect = RECT { left: 0, top: 1, right: 2, bottom: 3 };
    let mut list = vec![];
    println!("{} {} {list:?}", monitor(h, h, rect, &mut list), monitor(h, h, rect, &mut list));
    println!("{list:?}");
    println!("{} {} {} {}", hook(1, 6, 3), hook(-1, 6, 3), ctrl_handler(2), ctrl_handler(6));
    let mut n = 1u32;
    unsafe { fiber((&raw mut n).cast()) };
    let mut o = (0, 0);
    unsafe { completion(1, 2, &mut o) };
    println!("{n} {o:?}");
    static VTBL: Vtbl = Unknown::VTBL;
    let mut u = Unknown { vtbl: &VTBL, count: std::cell::Cell::new(1) };
    let mut out = std::ptr::null_mut();
    let up = &raw mut u;
    unsafe {
        println!(
            "{} {} {}",
            ((*up).vtbl.query)(up, 1, &mut out),
            ((*up).vtbl.query)(up, 2, &mut out),
            ((*up).vtbl.add_ref)(&*up)
        )
    };
    println!("{}", u.release());
    println!(
        "{} {} {}",
        exported::DllMain(h, 1, h),
        exported::DllMain(h, 9, h),
        exported::nested::deep(1)
    );
}
