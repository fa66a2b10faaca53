//! Callbacks of a TLS library: verification, selection of protocols, sessions, I/O methods.
#![allow(dead_code, non_camel_case_types, clippy::all)]
use guarded_callback::guarded_callback;
use std::ffi::{c_char, c_int, c_long, c_uchar, c_uint, c_ulong, c_void};
use std::io::{self, Read, Write};
#[repr(C)]
pub struct Ssl {
    data: *mut c_void,
    error: c_long,
}
pub struct SslRef(Ssl);
impl SslRef {
    unsafe fn from_ptr_mut<'a>(p: *mut Ssl) -> &'a mut Self {
        unsafe { &mut *p.cast() }
    }
}
#[derive(PartialEq, Debug)]
pub struct AlpnError(c_int);
impl AlpnError {
    pub const NOACK: AlpnError = AlpnError(3);
}

#[guarded_callback]
extern "C" fn raw_verify<F>(preverify_ok: c_int, ctx: *mut Ssl) -> c_int
where
    F: Fn(bool, &mut SslRef) -> bool + 'static + Sync + Send,
{
    let ctx = unsafe { SslRef::from_ptr_mut(ctx) };
    let verify = ctx.0.data as *const F;
    unsafe { (*verify)(preverify_ok != 0, ctx) as c_int }
}
#[guarded_callback(fallback = 0)]
extern "C" fn raw_client_psk<F: Fn(&mut [u8], &mut [u8]) -> Result<usize, ()>>(
    f: *const F,
    _hint: *const c_char,
    identity: *mut c_char,
    max_identity: c_uint,
    psk: *mut c_uchar,
    max_psk: c_uint,
) -> c_uint {
    let identity =
        unsafe { std::slice::from_raw_parts_mut(identity.cast::<u8>(), max_identity as usize) };
    let psk = unsafe { std::slice::from_raw_parts_mut(psk, max_psk as usize) };
    unsafe { (*f)(identity, psk) }.map_or(0, |n| n as c_uint)
}
#[guarded_callback]
extern "C" fn raw_alpn_select<F>(
    _: *mut Ssl,
    out: *mut *const c_uchar,
    outlen: *mut c_uchar,
    inbuf: *const c_uchar,
    inlen: c_uint,
    data: *mut c_void,
) -> c_int
where
    F: for<'a> Fn(&'a [u8]) -> Result<&'a [u8], AlpnError>,
{
    let protos = unsafe { std::slice::from_raw_parts(inbuf, inlen as usize) };
    match unsafe { (*data.cast::<F>())(protos) } {
        Ok(proto) => unsafe {
            *out = proto.as_ptr();
            *outlen = proto.len() as c_uchar;
            0
        },
        Err(e) if e == AlpnError::NOACK => 3,
        Err(AlpnError(n)) => n,
    }
}
pub struct StreamState<S> {
    stream: S,
    error: Option<io::Error>,
    dtls_mtu_size: c_long,
}
impl<S: Read + Write> StreamState<S> {
    #[guarded_callback]
    unsafe extern "C" fn bwrite(bio: *mut Self, buf: *const c_char, len: c_int) -> c_int {
        let state = unsafe { &mut *bio };
        let buf = unsafe { std::slice::from_raw_parts(buf as *const u8, len as usize) };
        match state.stream.write(buf) {
            Ok(n) => n as c_int,
            Err(e) => {
                state.error = Some(e);
                -1
            }
        }
    }
    #[guarded_callback]
    unsafe extern "C" fn bread(bio: *mut Self, buf: *mut c_char, len: c_int) -> c_int {
        let state = unsafe { &mut *bio };
        let buf = unsafe { std::slice::from_raw_parts_mut(buf as *mut u8, len as usize) };
        state.stream.read(buf).map_or_else(
            |e| {
                state.error = Some(e);
                -1
            },
            |n| n as c_int,
        )
    }
    #[guarded_callback]
    unsafe extern "C" fn ctrl(
        bio: *mut Self,
        cmd: c_int,
        num: c_long,
        _ptr: *mut c_void,
    ) -> c_long {
        match cmd {
            11 => 1,
            40 => unsafe { (*bio).dtls_mtu_size },
            n if n < 0 => num,
            _ => 0,
        }
    }
    #[guarded_callback]
    unsafe extern "C" fn destroy(bio: *mut Self) -> c_int {
        if bio.is_null() {
            return 0;
        }
        drop(unsafe { Box::<Self>::from_raw(bio) });
        1
    }
}
#[guarded_callback(switch = always)]
unsafe extern "C" fn locking(mode: c_int, n: c_int, file: *const c_char, line: c_int) {
    static DEPTH: std::sync::Mutex<i32> = std::sync::Mutex::new(0);
    let mut depth = DEPTH.lock().unwrap();
    *depth += if mode & 1 != 0 { n } else { -n };
    let _ = file;
    println!("{depth} at {line}");
}
#[guarded_callback]
extern "C" fn thread_id() -> c_ulong {
    77
}
#[guarded_callback]
extern "C" fn password_cb(
    buf: *mut c_char,
    size: c_int,
    _rwflag: c_int,
    user: *mut c_void,
) -> c_int {
    let Some(f) = (unsafe { user.cast::<Option<Box<dyn FnOnce(&mut [u8]) -> usize>>>().as_mut() })
        .and_then(Option::take)
    else {
        return 0;
    };
    f(unsafe { std::slice::from_raw_parts_mut(buf.cast(), size as usize) }) as c_int
}
#[guarded_callback]
extern "C" fn keylog<'s>(ssl: &'s SslRef, line: &str) -> (&'s SslRef, usize) {
    (ssl, line.len())
}
fn main() {
    let f = |ok: bool, ssl: &mut SslRef| {
        ssl.0.error += 1;
        ok
    };
    fn verify<F: Fn(bool, &mut SslRef) -> bool + 'static + Sync + Send>(
        _: &F,
    ) -> extern "C" fn(c_int, *mut Ssl) -> c_int {
        raw_verify::<F>
    }
    let mut ssl = Ssl { data: (&raw const f).cast_mut().cast(), error: 0 };
    println!("{} {} {}", verify(&f)(1, &mut ssl), verify(&f)(0, &mut ssl), ssl.error);
    let psk = |id: &mut [u8], psk: &mut [u8]| {
        id[0] = b'i';
        if psk.len() > 2 { Ok(2) } else { Err(()) }
    };
    fn client<F: Fn(&mut [u8], &mut [u8]) -> Result<usize, ()>>(
        _: &F,
    ) -> extern "C" fn(*const F, *const c_char, *mut c_char, c_uint, *mut c_uchar, c_uint) -> c_uint
    {
        raw_client_psk::<F>
    }
    let (mut id, mut key) = ([0; 4], [0u8; 4]);
    println!(
        "{} {}",
        client(&psk)(&psk, std::ptr::null(), id.as_mut_ptr(), 4, key.as_mut_ptr(), 4),
        client(&psk)(&psk, std::ptr::null(), id.as_mut_ptr(), 4, key.as_mut_ptr(), 1)
    );
    fn choose(p: &[u8]) -> Result<&[u8], AlpnError> {
        if p.len() > 1 { Ok(&p[1..]) } else { Err(AlpnError::NOACK) }
    }
    fn alpn<F: for<'a> Fn(&'a [u8]) -> Result<&'a [u8], AlpnError>>(
        _: &F,
    ) -> extern "C" fn(
        *mut Ssl,
        *mut *const c_uchar,
        *mut c_uchar,
        *const c_uchar,
        c_uint,
        *mut c_void,
    ) -> c_int {
        raw_alpn_select::<F>
    }
    let (mut out, mut len, mut c) = (std::ptr::null(), 0, choose);
    println!(
        "{} {len}",
        alpn(&choose)(&mut ssl, &mut out, &mut len, b"abc".as_ptr(), 3, (&raw mut c).cast())
    );
    println!("{len}");
    type State = StreamState<io::Cursor<Vec<u8>>>;
    let state = Box::into_raw(Box::new(StreamState {
        stream: io::Cursor::new(vec![1, 2]),
        error: None,
        dtls_mtu_size: 5,
    }));
    unsafe {
        println!(
            "{} {} {} {}",
            State::bread(state, id.as_mut_ptr(), 1),
            State::bwrite(state, id.as_ptr(), 3),
            State::ctrl(state, 40, 0, std::ptr::null_mut()),
            State::destroy(state)
        );
        locking(1, 2, std::ptr::null(), 10);
        locking(0, 1, std::ptr::null(), 20)
    };
    let mut once: Option<Box<dyn FnOnce(&mut [u8]) -> usize>> = Some(Box::new(|b| {
        b[0] = 1;
        b.len()
    }));
    let p = (&raw mut once).cast();
    println!(
        "{} {} {}",
        thread_id(),
        password_cb(id.as_mut_ptr(), 4, 0, p),
        password_cb(id.as_mut_ptr(), 4, 0, p)
    );
    println!("{}", keylog(&SslRef(ssl), "line").1);
}
