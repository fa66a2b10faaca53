//! A function for QuickJS that thinks on a system stack and calls back into the engine, on a thread
//! as small as musl's.
//!
//! The engine compares SP with a limit of its own: it refuses to run on a stack that it does not
//! know. `on_host_stack` brings the call back to where the engine called from.

use core::ffi::{CStr, c_char, c_int};
use core::ptr;

use guarded_callback::{guarded_callback, on_host_stack};
use library_examples::{is_plain, on_small_thread};
use rquickjs_sys as js;

/// What the engine may use of the thread; the rest is for the plain callback to try.
const ENGINE_BYTES: usize = 64 * 1024;
const WORK_BYTES: usize = 256 * 1024;

const PROGRAM: &CStr =
    c"let total = 0; for (let i = 0; i < 100; i++) total += think(i, (x) => x * 2); total";

/// The function as it would be written without the attribute.
///
/// # Safety
/// QuickJS calls it with its context and two arguments: a number, and a function to call with what
/// was thought.
unsafe extern "C" fn think_plain(
    context: *mut js::JSContext,
    _this: js::JSValue,
    _count: c_int,
    arguments: *mut js::JSValue,
) -> js::JSValue {
    // SAFETY: passed on.
    unsafe { call(context, arguments, think(context, arguments)) }
}

/// With the attribute, and the call back from wherever the body runs.
///
/// # Safety
/// As [`think_plain`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn think_and_call_from_here(
    context: *mut js::JSContext,
    _this: js::JSValue,
    _count: c_int,
    arguments: *mut js::JSValue,
) -> js::JSValue {
    // SAFETY: passed on.
    unsafe { call(context, arguments, think(context, arguments)) }
}

/// With the attribute, and the call back from the engine's own stack.
///
/// # Safety
/// As [`think_plain`].
#[guarded_callback(reserve = "300 KiB")]
unsafe extern "C" fn think_and_call_from_the_host(
    context: *mut js::JSContext,
    _this: js::JSValue,
    _count: c_int,
    arguments: *mut js::JSValue,
) -> js::JSValue {
    // SAFETY: passed on.
    unsafe {
        let thought = think(context, arguments);
        on_host_stack(|| call(context, arguments, thought))
    }
}

/// Work that needs 256 KiB of stack.
///
/// # Safety
/// As [`think_plain`].
#[inline(always)]
unsafe fn think(context: *mut js::JSContext, arguments: *mut js::JSValue) -> i32 {
    let mut board = [0_u8; WORK_BYTES];
    let mut number = 0;
    // SAFETY: the first argument is a value that lives through the call.
    assert_eq!(unsafe { js::JS_ToInt32(context, &raw mut number, *arguments) }, 0);
    board[number as usize] = 1;
    core::hint::black_box(&board)
        .iter()
        .position(|&mark| mark == 1)
        .map_or(-1, |place| place as i32)
}

/// # Safety
/// As [`think_plain`].
unsafe fn call(
    context: *mut js::JSContext,
    arguments: *mut js::JSValue,
    thought: i32,
) -> js::JSValue {
    let mut thought = js::JS_MKVAL(js::JS_TAG_INT, thought);
    // SAFETY: the second argument is a value that lives through the call.
    unsafe { js::JS_Call(context, *arguments.add(1), js::JS_UNDEFINED, 1, &raw mut thought) }
}

/// Runs the program with one of the functions; what it gives, as a text.
fn run(think: js::JSCFunction) -> String {
    // SAFETY: runtime and context are used by this thread alone until they are freed, and each
    // value is freed once or handed over.
    unsafe {
        let runtime = js::JS_NewRuntime();
        js::JS_SetMaxStackSize(runtime, ENGINE_BYTES as _);
        let context = js::JS_NewContext(runtime);
        let global = js::JS_GetGlobalObject(context);
        let function = js::JS_NewCFunction2(
            context,
            think,
            c"think".as_ptr(),
            2,
            js::JSCFunctionEnum_JS_CFUNC_generic,
            0,
        );
        js::JS_SetPropertyStr(context, global, c"think".as_ptr(), function);
        let bytes = PROGRAM.count_bytes();
        let mut result = js::JS_Eval(context, PROGRAM.as_ptr(), bytes as _, c"program".as_ptr(), 0);
        if js::JS_IsException(result) {
            result = js::JS_GetException(context);
        }
        let text = text_of(context, result);
        js::JS_FreeValue(context, result);
        js::JS_FreeValue(context, global);
        js::JS_FreeContext(context);
        js::JS_FreeRuntime(runtime);
        text
    }
}

/// # Safety
/// The value is one of the context.
unsafe fn text_of(context: *mut js::JSContext, value: js::JSValue) -> String {
    // SAFETY: see above; the text is copied before it is freed.
    unsafe {
        let text: *const c_char = js::JS_ToCStringLen2(context, ptr::null_mut(), value, false);
        let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
        js::JS_FreeCString(context, text);
        copy
    }
}

fn main() {
    if is_plain() {
        return println!("quickjs: {}", on_small_thread(|| run(Some(think_plain))));
    }
    let refused = on_small_thread(|| run(Some(think_and_call_from_here)));
    let total = on_small_thread(|| run(Some(think_and_call_from_the_host)));
    println!("quickjs: {total} from the host's stack; from here: \"{refused}\"");
}
