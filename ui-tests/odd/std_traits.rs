//! Traits of the standard library: operators, iterators, futures, an allocator.
#![allow(dead_code, improper_ctypes_definitions, clippy::all)]
use guarded_callback::guarded_callback;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    borrow::Cow,
    fmt,
    future::Future,
    hash::{Hash, Hasher},
    io::{self, Read, Write},
    ops::*,
    pin::Pin,
    str::FromStr,
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
};
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct V(f32, f32);
impl Add for V {
    type Output = Self;
    #[guarded_callback]
    fn add(self, o: Self) -> Self {
        Self(self.0 + o.0, self.1 + o.1)
    }
}
impl Mul<V> for f32 {
    type Output = V;
    #[guarded_callback]
    fn mul(self, V(a, b): V) -> V {
        V(self * a, self * b)
    }
}
impl<'a> Add<&'a V> for &V {
    type Output = V;
    #[guarded_callback]
    fn add(self, o: &'a V) -> V {
        *self + *o
    }
}
impl AddAssign for V {
    #[guarded_callback]
    fn add_assign(&mut self, o: Self) {
        *self = *self + o
    }
}
impl Neg for V {
    type Output = V;
    #[guarded_callback]
    fn neg(self) -> Self::Output {
        V(-self.0, -self.1)
    }
}
impl Index<usize> for V {
    type Output = f32;
    #[guarded_callback]
    fn index(&self, i: usize) -> &Self::Output {
        match i {
            0 => &self.0,
            1 => &self.1,
            _ => panic!(),
        }
    }
}
impl IndexMut<usize> for V {
    #[guarded_callback]
    fn index_mut(&mut self, i: usize) -> &mut f32 {
        if i == 0 { &mut self.0 } else { &mut self.1 }
    }
}
impl fmt::Display for V {
    #[guarded_callback]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.0)?;
        f.write_str("|")?;
        f.pad(&self.1.to_string())
    }
}
impl FromStr for V {
    type Err = Box<dyn std::error::Error + Send + Sync>;
    #[guarded_callback]
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (a, b) = s.split_once(',').ok_or("no comma")?;
        Ok(V(a.parse()?, b.trim().parse()?))
    }
}
impl From<[f32; 2]> for V {
    #[guarded_callback]
    fn from([a, b]: [f32; 2]) -> Self {
        V(a, b)
    }
}
impl<'a> From<V> for Cow<'a, str> {
    #[guarded_callback]
    fn from(v: V) -> Self {
        Cow::Owned(v.to_string())
    }
}
impl PartialOrd for V {
    #[guarded_callback]
    fn partial_cmp(&self, o: &Self) -> Option<std::cmp::Ordering> {
        (self.0 * self.0).partial_cmp(&(o.0 * o.0))
    }
}
struct It<'b, I: ?Sized>(&'b mut I, usize);
impl<'b, I: Iterator + ?Sized> Iterator for It<'b, I>
where
    I::Item: Clone,
{
    type Item = (usize, I::Item);
    #[guarded_callback]
    fn next(&mut self) -> Option<Self::Item> {
        let x = self.0.next()?;
        self.1 += 1;
        Some((self.1, x.clone()))
    }
    #[guarded_callback]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}
struct Fu(u8);
impl Future for Fu {
    type Output = &'static str;
    #[guarded_callback]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0 += 1;
        if self.0 < 3 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready("ready")
    }
}
static VT: RawWakerVTable = {
    #[guarded_callback]
    unsafe fn clone(p: *const ()) -> RawWaker {
        RawWaker::new(p, &VT)
    }
    #[guarded_callback]
    unsafe fn noop(_: *const ()) {}
    RawWakerVTable::new(clone, noop, noop, noop)
};
struct Al;
unsafe impl GlobalAlloc for Al {
    #[guarded_callback(switch = never)]
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        unsafe { System.alloc(l) }
    }
    #[guarded_callback(switch = never)]
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        unsafe { System.dealloc(p, l) }
    }
}
#[global_allocator]
static AL: Al = Al;
struct Rw(Vec<u8>);
impl Read for Rw {
    #[guarded_callback]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = (&self.0[..]).read(buf)?;
        self.0.drain(..n);
        Ok(n)
    }
}
impl Write for Rw {
    #[guarded_callback]
    fn write(&mut self, b: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(b);
        Ok(b.len())
    }
    #[guarded_callback]
    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Other.into())
    }
}
impl Hash for V {
    #[guarded_callback]
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.0.to_bits().hash(h);
        h.write_u8(3)
    }
}
struct De(Vec<u8>);
impl Deref for De {
    type Target = [u8];
    #[guarded_callback]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
impl DerefMut for De {
    #[guarded_callback]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
impl<T> AsRef<T> for De
where
    [u8]: AsRef<T>,
    T: ?Sized,
{
    #[guarded_callback]
    fn as_ref(&self) -> &T {
        self.0[..].as_ref()
    }
}
impl Extend<u8> for De {
    #[guarded_callback]
    fn extend<I: IntoIterator<Item = u8>>(&mut self, it: I) {
        for b in it {
            self.0.push(b)
        }
    }
}
impl std::iter::FromIterator<u8> for De {
    #[guarded_callback]
    fn from_iter<I>(it: I) -> Self
    where
        I: IntoIterator<Item = u8>,
    {
        let mut d = De(vec![]);
        d.extend(it);
        d
    }
}
impl std::error::Error for De {
    #[guarded_callback]
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        None
    }
}
impl fmt::Debug for De {
    #[guarded_callback]
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("De").field("x", &self.0).finish_non_exhaustive()
    }
}
impl fmt::Display for De {
    #[guarded_callback]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
impl Drop for De {
    #[guarded_callback]
    fn drop(&mut self) {
        if self.0.len() > 1 {
            println!("dropped {}", self.0.len())
        }
    }
}
fn main() {
    let mut v = V(1.0, 2.0) + V::from([3.0, 4.0]);
    v += 2.0 * V(1.0, 1.0);
    v[1] = v[0] + 1.0;
    println!("{} {:>8} {}", -v, v, &v + &v);
    println!(
        "{:?} {:?} {:?}",
        "1, 2".parse::<V>().ok(),
        "x".parse::<V>().map_err(|e| e.to_string()),
        "1,y".parse::<V>().map_err(|e| e.to_string())
    );
    println!("{} {:?}", Cow::from(v), v < V(100.0, 0.0));
    println!("{:?}", It(&mut "ab".chars(), 0).collect::<Vec<_>>());
    let d: &mut dyn Iterator<Item = u8> = &mut (0..3);
    println!("{:?}", It(d, 5).size_hint());
    let w = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &VT)) };
    let mut f = std::pin::pin!(Fu(0));
    loop {
        if let Poll::Ready(x) = f.as_mut().poll(&mut Context::from_waker(&w.clone())) {
            println!("{x}");
            break;
        }
    }
    let mut r = Rw(vec![]);
    write!(r, "hello {}", 3).unwrap();
    let mut s = String::new();
    r.read_to_string(&mut s).unwrap();
    println!("{s} {:?}", r.flush().is_err());
    let mut h = std::hash::DefaultHasher::new();
    V(1.0, 2.0).hash(&mut h);
    println!("{}", h.finish());
    let mut d: De = vec![3u8, 1, 2].into_iter().collect();
    d.sort();
    println!("{d:?} {:?} {d}", AsRef::<[u8]>::as_ref(&d));
}
