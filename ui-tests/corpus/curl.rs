//! Callbacks of a transfer library: reading, writing, headers, seeking, sockets, debugging.
#![allow(dead_code, non_camel_case_types, clippy::all)]
use guarded_callback::guarded_callback;
use std::ffi::{c_char, c_double, c_int, c_long, c_ulong, c_void};
use std::io::{Read, Seek, SeekFrom, Write};
type size_t = usize;
type curl_off_t = i64;
type curl_socket_t = c_int;
pub trait Handler {
    fn write(&mut self, data: &[u8]) -> Result<usize, c_int>;
    fn progress(&mut self, total: f64, now: f64) -> bool {
        total >= now
    }
}
#[derive(Default)]
pub struct Collect(Vec<u8>);
impl Handler for Collect {
    fn write(&mut self, data: &[u8]) -> Result<usize, c_int> {
        if data.is_empty() {
            return Err(0x1000);
        }
        self.0.extend_from_slice(data);
        Ok(data.len())
    }
}

#[guarded_callback]
extern "C" fn write_cb<H: Handler>(
    ptr: *mut c_char,
    size: size_t,
    nmemb: size_t,
    data: *mut c_void,
) -> size_t {
    let input = unsafe { std::slice::from_raw_parts(ptr.cast::<u8>(), size * nmemb) };
    match unsafe { (*data.cast::<H>()).write(input) } {
        Ok(s) => s,
        Err(pause) => pause as size_t,
    }
}
#[guarded_callback(fallback = !0)]
extern "C" fn read_cb(ptr: *mut c_char, size: size_t, nmemb: size_t, data: *mut c_void) -> size_t {
    let output = unsafe { std::slice::from_raw_parts_mut(ptr.cast::<u8>(), size * nmemb) };
    unsafe { &mut *data.cast::<&mut dyn Read>() }.read(output).unwrap()
}
#[guarded_callback(fallback = 2)]
extern "C" fn seek_cb(data: *mut c_void, offset: curl_off_t, origin: c_int) -> c_int {
    let from = match origin {
        0 => SeekFrom::Start(offset as u64),
        1 => SeekFrom::Current(offset),
        2 => SeekFrom::End(offset),
        n => panic!("unknown origin {n}"),
    };
    let cursor = unsafe { &mut *data.cast::<std::io::Cursor<Vec<u8>>>() };
    cursor.seek(from).map_or(1, |_| 0)
}
#[guarded_callback]
extern "C" fn progress_cb<H>(
    data: *mut c_void,
    dltotal: c_double,
    dlnow: c_double,
    _ultotal: c_double,
    _ulnow: c_double,
) -> c_int
where
    H: Handler,
{
    !unsafe { (*(data as *mut H)).progress(dltotal, dlnow) } as c_int
}
#[guarded_callback]
extern "C" fn debug_cb(
    _handle: *mut c_void,
    kind: c_int,
    data: *mut c_char,
    size: size_t,
    userptr: *mut c_void,
) -> c_int {
    let text = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) };
    let out: &mut Vec<u8> = unsafe { &mut *userptr.cast() };
    write!(out, "{kind}:").and_then(|()| out.write_all(text)).map_or(1, |()| 0)
}
#[guarded_callback]
extern "C" fn timer_cb(_: *mut c_void, timeout_ms: c_long, user: *mut c_void) -> c_int {
    unsafe {
        *user.cast::<Option<std::time::Duration>>() =
            <u64 as std::convert::TryFrom<_>>::try_from(timeout_ms)
                .ok()
                .map(std::time::Duration::from_millis)
    };
    0
}
#[guarded_callback]
extern "C" fn header_cb(
    buffer: *mut c_char,
    size: size_t,
    nitems: size_t,
    user: *mut c_void,
) -> size_t {
    let line = unsafe { std::slice::from_raw_parts(buffer as *mut u8, size * nitems) };
    let Some((name, value)) = std::str::from_utf8(line).ok().and_then(|l| l.split_once(':')) else {
        return size * nitems;
    };
    unsafe {
        (*user.cast::<Vec<(String, String)>>()).push((name.trim().into(), value.trim().into()))
    };
    size * nitems
}
#[guarded_callback]
extern "C" fn opensocket_cb(
    data: *mut c_void,
    (family, kind, protocol): (c_int, c_int, c_int),
    address: [u8; 28],
) -> curl_socket_t {
    let _ = data;
    family + kind + protocol + address[27] as c_int
}
#[guarded_callback]
extern "C" fn ssl_ctx_cb(
    _: *mut c_void,
    ctx: *mut c_void,
    f: Option<extern "C" fn(*mut c_void) -> c_ulong>,
) -> c_ulong {
    f.map_or(0, |f| f(ctx))
}
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut h = Collect::default();
    let p = (&raw mut h).cast();
    let mut text = *b"k: v";
    let t = text.as_mut_ptr().cast();
    println!("{} {} {:?}", write_cb::<Collect>(t, 2, 2, p), write_cb::<Collect>(t, 0, 2, p), h.0);
    let mut source: &[u8] = b"xyz";
    let mut reader: &mut dyn Read = &mut source;
    println!("{} {:?}", read_cb(t, 1, 2, (&raw mut reader).cast()), text);
    let mut cursor = std::io::Cursor::new(vec![1u8, 2, 3]);
    let c = (&raw mut cursor).cast();
    println!(
        "{} {} {} {}",
        seek_cb(c, 2, 0),
        seek_cb(c, -9, 1),
        seek_cb(c, 0, 2),
        cursor.position()
    );
    println!(
        "{} {}",
        progress_cb::<Collect>(p, 2.0, 1.0, 0.0, 0.0),
        progress_cb::<Collect>(p, 1.0, 2.0, 0.0, 0.0)
    );
    let mut out = Vec::new();
    println!("{} {:?}", debug_cb(p, 3, t, 2, (&raw mut out).cast()), String::from_utf8_lossy(&out));
    let mut timeout: Option<std::time::Duration> = None;
    timer_cb(p, 5, (&raw mut timeout).cast());
    println!("{timeout:?}");
    timer_cb(p, -1, (&raw mut timeout).cast());
    println!("{timeout:?}");
    let mut headers: Vec<(String, String)> = vec![];
    let mut line = *b"k: v";
    println!(
        "{} {headers:?}",
        header_cb(line.as_mut_ptr().cast(), 1, 4, (&raw mut headers).cast())
    );
    println!("{headers:?}");
    extern "C" fn answer(_: *mut c_void) -> c_ulong {
        42
    }
    println!(
        "{} {} {}",
        opensocket_cb(p, (1, 2, 3), [7; 28]),
        ssl_ctx_cb(p, p, Some(answer)),
        ssl_ctx_cb(p, p, None)
    );
}
