//! Callbacks of a version control library: progress, credentials, transports, iteration.
#![allow(dead_code, non_camel_case_types, clippy::all)]
use guarded_callback::guarded_callback;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::{mem, ptr, slice};

#[repr(C)]
pub struct git_oid {
    id: [u8; 20],
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct git_progress {
    total: c_uint,
    received: c_uint,
    bytes: usize,
}
#[derive(Debug)]
pub struct Error {
    code: c_int,
}
pub type TransferProgress<'a> = dyn FnMut(git_progress) -> bool + 'a;
pub struct RemoteCallbacks<'a> {
    progress: Option<Box<TransferProgress<'a>>>,
    sideband: Option<Box<dyn FnMut(&[u8]) -> bool + 'a>>,
}
mod panic {
    pub fn wrap<T, F: FnOnce() -> T + std::panic::UnwindSafe>(f: F) -> Option<T> {
        std::panic::catch_unwind(f).ok()
    }
}

#[guarded_callback(fallback = -1)]
extern "C" fn transfer_progress_cb(stats: *const git_progress, payload: *mut c_void) -> c_int {
    let ok = panic::wrap(|| unsafe {
        let payload = &mut *(payload as *mut RemoteCallbacks<'_>);
        let callback = match payload.progress {
            Some(ref mut c) => c,
            None => return true,
        };
        callback(*stats)
    });
    if ok == Some(true) { 0 } else { -1 }
}
#[guarded_callback]
extern "C" fn sideband_cb(str_: *const c_char, len: c_int, payload: *mut c_void) -> c_int {
    let ok = panic::wrap(|| unsafe {
        let payload = &mut *(payload as *mut RemoteCallbacks<'_>);
        let buf = slice::from_raw_parts(str_ as *const u8, len as usize);
        payload.sideband.as_mut().map_or(true, |c| c(buf))
    });
    match ok {
        Some(false) => -1,
        _ => 0,
    }
}
#[guarded_callback]
extern "C" fn credentials_cb(
    ret: *mut *mut c_void,
    url: *const c_char,
    username: *const c_char,
    allowed: c_uint,
    _payload: *mut c_void,
) -> c_int {
    unsafe {
        let Ok(url) = CStr::from_ptr(url).to_str() else { return -1 };
        *ret = if username.is_null() {
            ptr::null_mut()
        } else {
            Box::into_raw(Box::new(url.len() + allowed as usize)).cast()
        };
    }
    0
}
#[guarded_callback]
extern "C" fn tree_walk_cb<T: Into<i32>>(
    root: *const c_char,
    entry: *const git_oid,
    payload: *mut c_void,
) -> c_int
where
    T: Copy,
{
    let f: &mut &mut dyn FnMut(&[u8], u8) -> T = unsafe { mem::transmute(payload) };
    f(unsafe { CStr::from_ptr(root) }.to_bytes(), unsafe { (*entry).id[0] }).into()
}
#[guarded_callback(switch = never)]
unsafe extern "C" fn foreach_cb(id: *const git_oid, payload: *mut c_void) -> c_int {
    unsafe {
        (*payload.cast::<Vec<u8>>()).push((*id).id[19]);
    }
    0
}
struct Transport<'repo, T: ?Sized> {
    repo: &'repo str,
    inner: Box<T>,
}
impl<'repo, T: Fn(&str) -> usize + ?Sized> Transport<'repo, T> {
    #[guarded_callback]
    extern "C" fn action(&mut self, url: &str) -> usize {
        let n = (self.inner)(url);
        n + self.repo.len()
    }
    #[guarded_callback]
    extern "C" fn free(self: Box<Self>) -> &'repo str {
        self.repo
    }
    #[guarded_callback]
    extern "C" fn close(self) {}
}
#[guarded_callback]
extern "C" fn cert(host: &str, valid: bool) -> Result<(), Error> {
    if valid { Ok(()) } else { Err(Error { code: host.len() as c_int })? }
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut callbacks = RemoteCallbacks {
        progress: Some(Box::new(|p| {
            assert!(p.total > 1);
            p.received < 3
        })),
        sideband: Some(Box::new(|b| b.len() > 1)),
    };
    let payload = (&raw mut callbacks).cast();
    let stats = |total, received| git_progress { total, received, bytes: 0 };
    for s in [stats(2, 1), stats(2, 5), stats(1, 1)] {
        print!("{} ", transfer_progress_cb(&s, payload));
    }
    println!(
        "{} {}",
        sideband_cb(b"ab\0".as_ptr().cast(), 2, payload),
        sideband_cb(b"ab\0".as_ptr().cast(), 1, payload)
    );
    let mut out = ptr::null_mut();
    println!(
        "{} {}",
        credentials_cb(&mut out, b"http\0".as_ptr().cast(), b"me\0".as_ptr().cast(), 3, payload),
        unsafe { *out.cast::<usize>() }
    );
    let mut walk = |root: &[u8], n: u8| (root.len() + n as usize) as u16;
    let mut walk: &mut dyn FnMut(&[u8], u8) -> u16 = &mut walk;
    let oid = git_oid { id: [9; 20] };
    println!("{}", tree_walk_cb::<u16>(b"src\0".as_ptr().cast(), &oid, (&raw mut walk).cast()));
    let mut ids: Vec<u8> = vec![];
    unsafe { foreach_cb(&oid, (&raw mut ids).cast()) };
    println!("{ids:?}");
    let repo = String::from("repo");
    let mut t = Transport { repo: &repo, inner: Box::new(|u: &str| u.len()) };
    println!(
        "{} {}",
        t.action("abc"),
        Box::new(Transport { repo: &repo, inner: Box::new(|_: &str| 1) }).free()
    );
    t.close();
    println!("{:?} {:?}", cert("x", true), cert("host", false));
}
