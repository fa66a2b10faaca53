//! The objects that callbacks lie in: this executable, and the shared object that it opens.

use core::ffi::{c_char, c_void};
use core::ops::Range;
use std::ffi::{CStr, CString};
use std::path::PathBuf;

use benches::{
    Function, Shape, Variant, benches_function, benches_on_registered_stack,
    benches_on_system_stack, benches_trim,
};

/// Callbacks together with the runtime that they were linked with.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    pub(crate) name: &'static str,
    function: extern "C" fn(u32, u32) -> Function,
    on_system_stack: OnSystemStack,
    on_registered_stack: OnRegisteredStack,
    trim: extern "C" fn(),
}

type Callee = unsafe extern "C" fn(*mut c_void);
type OnSystemStack = unsafe extern "C" fn(Callee, *mut c_void);
type OnRegisteredStack = unsafe extern "C" fn(usize, usize, Callee, *mut c_void);

impl Object {
    /// All of them, the executable first. A static one opens nothing, nor does one in the loader of
    /// .ci/darwin.
    pub(crate) fn all() -> Result<Vec<Self>, String> {
        let executable = Self {
            name: "exe",
            function: benches_function,
            on_system_stack: benches_on_system_stack,
            on_registered_stack: benches_on_registered_stack,
            trim: benches_trim,
        };
        let mut all = vec![executable];
        let is_in_loader = std::env::var_os("GUARDED_CALLBACK_LOADER").is_some();
        if cfg!(not(target_feature = "crt-static")) && !is_in_loader {
            all.push(Self::open()?);
        }
        Ok(all)
    }

    fn open() -> Result<Self, String> {
        let path = path()?;
        let name =
            CString::new(path.to_string_lossy().as_bytes()).map_err(|error| error.to_string())?;
        // SAFETY: the object is this package's own; what runs when it is loaded is the start-up
        // code of Rust's library.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            return Err(error());
        }
        let [function, on_system_stack, on_registered_stack, trim] = [
            symbol(handle, c"benches_function")?,
            symbol(handle, c"benches_on_system_stack")?,
            symbol(handle, c"benches_on_registered_stack")?,
            symbol(handle, c"benches_trim")?,
        ];
        // SAFETY: the symbols are of the types that lib.rs gives them, as it is the same source.
        unsafe {
            Ok(Self {
                name: "cdylib",
                function: core::mem::transmute::<*mut c_void, extern "C" fn(u32, u32) -> Function>(
                    function,
                ),
                on_system_stack: core::mem::transmute::<*mut c_void, OnSystemStack>(
                    on_system_stack,
                ),
                on_registered_stack: core::mem::transmute::<*mut c_void, OnRegisteredStack>(
                    on_registered_stack,
                ),
                trim: core::mem::transmute::<*mut c_void, extern "C" fn()>(trim),
            })
        }
    }

    /// The callback, if there is one of that kind.
    pub(crate) fn function(self, shape: Shape, variant: Variant) -> Option<Function> {
        let function = (self.function)(shape as u32, variant as u32);
        (!function.is_null()).then_some(function)
    }

    /// Empties the pool of the object's runtime.
    pub(crate) fn trim(self) {
        (self.trim)();
    }

    /// Calls `run` on a system stack of the object's runtime.
    pub(crate) fn on_system_stack<R>(self, run: impl FnOnce() -> R) -> R {
        // SAFETY: the function may be called with the argument.
        through_c(run, |function, argument| unsafe { (self.on_system_stack)(function, argument) })
    }

    /// Calls `run` while the object's runtime knows 1,000 registered stacks, and `stack` of them is
    /// the one that this is called on.
    pub(crate) fn on_registered_stack<R>(self, stack: Range<usize>, run: impl FnOnce() -> R) -> R {
        // SAFETY: as above.
        through_c(run, |function, argument| unsafe {
            (self.on_registered_stack)(stack.start, stack.end, function, argument);
        })
    }

    /// A body on a system stack of the object's runtime is jumped over.
    pub(crate) fn jump_over_body(self) {
        unsafe extern "C" {
            fn bench_jump_over_body(on_system_stack: OnSystemStack);
        }
        // SAFETY: no frame that is jumped over has anything to drop.
        unsafe { bench_jump_over_body(self.on_system_stack) };
    }
}

/// What travels through C.
struct Call<R, F> {
    run: Option<F>,
    result: Option<R>,
}

/// Calls `run` by `call`, which is to call a function of C with an argument.
fn through_c<R, F: FnOnce() -> R>(run: F, call: impl FnOnce(Callee, *mut c_void)) -> R {
    let mut travelling = Call { run: Some(run), result: None };
    call(make::<R, F>, (&raw mut travelling).cast());
    travelling.result.expect("the function was called")
}

/// # Safety
/// `argument` points to a `Call<R, F>`.
unsafe extern "C" fn make<R, F: FnOnce() -> R>(argument: *mut c_void) {
    // SAFETY: see above.
    let call = unsafe { &mut *argument.cast::<Call<R, F>>() };
    call.result = call.run.take().map(|run| run());
}

/// Cargo puts it beside the executable, or into the folder for dependencies.
fn path() -> Result<PathBuf, String> {
    let executable = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = executable.parent().ok_or("the executable is in no folder")?;
    let name = format!("{}benches{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let places = [folder.join("deps").join(&name), folder.join(&name)];
    places
        .into_iter()
        .find(|path| path.exists())
        .ok_or(format!("no {name} beside {}", executable.display()))
}

fn symbol(handle: *mut c_void, name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the handle is of an open object, and the name ends with a zero.
    let address = unsafe { libc::dlsym(handle, name.as_ptr()) };
    if address.is_null() { Err(error()) } else { Ok(address) }
}

fn error() -> String {
    // SAFETY: dlerror returns null or a string that lasts until the next call.
    let message: *const c_char = unsafe { libc::dlerror() };
    if message.is_null() {
        return "dlopen failed".into();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
}
