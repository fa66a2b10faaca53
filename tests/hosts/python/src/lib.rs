//! A CPython extension (`PyInit_python_host`), and two functions for ctypes.

use std::ffi::{c_char, c_int, c_longlong, c_void};
use std::ptr::null_mut;

use modes::callback;
use support::{assert_stack_of_mode, on_host_stack, spend};

#[repr(C)]
struct Object {
    references: isize,
    class: *mut c_void,
}
type Function = unsafe extern "C" fn(*mut Object, *mut Object) -> *mut Object;

#[repr(C)]
struct Method {
    name: *const c_char,
    function: Option<Function>,
    flags: c_int,
    doc: *const c_char,
}
const METH_O: c_int = 8;

#[repr(C)]
struct Module {
    base: Object,
    init: *mut c_void,
    index: isize,
    copy: *mut c_void,
    name: *const c_char,
    doc: *const c_char,
    size: isize,
    methods: *mut Method,
    slots: [*mut c_void; 4],
}

unsafe extern "C" {
    static PyExc_ValueError: *mut Object;
    fn PyModule_Create2(module: *mut Module, api: c_int) -> *mut Object;
    fn PyLong_FromLongLong(n: c_longlong) -> *mut Object;
    fn PyLong_AsLongLong(n: *mut Object) -> c_longlong;
    fn PyObject_CallNoArgs(f: *mut Object) -> *mut Object;
    fn PyErr_SetString(class: *mut Object, text: *const c_char);
}

/// Uses 40 KiB of stack.
#[callback]
unsafe extern "C" fn work(_module: *mut Object, n: *mut Object) -> *mut Object {
    assert_stack_of_mode();
    // SAFETY: Python calls with its lock and an int.
    unsafe { PyLong_FromLongLong(spend::<40_000>(PyLong_AsLongLong(n))) }
}

/// Uses 200 KiB of stack.
#[callback(reserve = "256 KiB")]
unsafe extern "C" fn large(_module: *mut Object, n: *mut Object) -> *mut Object {
    // SAFETY: as in `work`.
    unsafe { PyLong_FromLongLong(spend::<200_000>(PyLong_AsLongLong(n))) }
}

/// Calls what it is given, and returns what that returns.
#[callback]
unsafe extern "C" fn call(_module: *mut Object, f: *mut Object) -> *mut Object {
    assert_stack_of_mode();
    let canary = std::hint::black_box([0x5a_u8; 256]);
    // SAFETY: Python calls with its lock and an object.
    let result = unsafe { PyObject_CallNoArgs(f) };
    assert!(
        std::hint::black_box(&canary).iter().all(|&byte| byte == 0x5a),
        "the frame was written over"
    );
    result
}

/// The same, from the stack that C called on.
#[callback]
unsafe extern "C" fn visit(_module: *mut Object, f: *mut Object) -> *mut Object {
    assert_stack_of_mode();
    let canary = std::hint::black_box([0x5a_u8; 256]);
    // SAFETY: as in `call`.
    let result = on_host_stack(|| unsafe { PyObject_CallNoArgs(f) });
    let is_whole = std::hint::black_box(&canary).iter().all(|&byte| byte == 0x5a);
    assert!(is_whole, "the frame was written over");
    result
}

/// Raises ValueError.
#[callback]
unsafe extern "C" fn fail(_module: *mut Object, _n: *mut Object) -> *mut Object {
    assert_stack_of_mode();
    // SAFETY: Python calls with its lock.
    unsafe { PyErr_SetString(PyExc_ValueError, c"on purpose".as_ptr()) };
    null_mut()
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C" fn PyInit_python_host() -> *mut Object {
    let method = |name: *const c_char, function| Method {
        name,
        function: Some(function),
        flags: METH_O,
        doc: name,
    };
    let end = Method { name: null_mut(), function: None, flags: 0, doc: null_mut() };
    let methods = Box::leak(Box::new([
        method(c"work".as_ptr(), work as Function),
        method(c"large".as_ptr(), large as Function),
        method(c"call".as_ptr(), call as Function),
        method(c"visit".as_ptr(), visit as Function),
        method(c"fail".as_ptr(), fail as Function),
        end,
    ]));
    let module = Box::leak(Box::new(Module {
        base: Object { references: 1, class: null_mut() },
        init: null_mut(),
        index: 0,
        copy: null_mut(),
        name: c"python_host".as_ptr(),
        doc: null_mut(),
        size: -1,
        methods: methods.as_mut_ptr(),
        slots: [null_mut(); 4],
    }));
    // SAFETY: the module lives for ever, and its methods end with an empty one.
    unsafe { PyModule_Create2(module, 1013) }
}

/// For ctypes: calls `f` n times and adds up.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn apply(f: extern "C" fn(c_int) -> c_longlong, n: c_int) -> c_longlong {
    assert_stack_of_mode();
    (0..n).map(|i| spend::<4_000>(f(i)) % 1000).sum()
}

/// For ctypes: the smallest thing that a library can do.
#[callback]
#[unsafe(no_mangle)]
extern "C" fn add_one(n: c_int) -> c_int {
    n + 1
}
