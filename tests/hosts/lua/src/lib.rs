//! A module for Lua 5.4 and LuaJIT alike: functions that compute, call, raise and yield.

use std::ffi::{c_char, c_int, c_void};
use std::mem::transmute;
use std::ptr::null_mut;
use std::sync::OnceLock;

use modes::callback;
use support::{assert_stack_of_mode, spend};

type State = *mut c_void;
type Function = unsafe extern "C-unwind" fn(State) -> c_int;

// Errors unwind through these in LuaJIT, and jump over them in Lua 5.4.
unsafe extern "C-unwind" {
    fn lua_error(state: State) -> c_int;
    fn luaL_checkinteger(state: State, argument: c_int) -> isize;
    fn lua_pushinteger(state: State, n: isize);
    fn lua_pushstring(state: State, text: *const c_char);
    fn lua_pushvalue(state: State, index: c_int);
    fn lua_pushcclosure(state: State, f: Function, values: c_int);
    fn lua_createtable(state: State, array: c_int, record: c_int);
    fn lua_setfield(state: State, index: c_int, name: *const c_char);
    fn lua_gettop(state: State) -> c_int;
}
unsafe extern "C" {
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// Calls and yields are macros in one of the two: their functions are looked up.
struct Api {
    callk: Option<unsafe extern "C-unwind" fn(State, c_int, c_int, isize, *const c_void)>,
    call: Option<unsafe extern "C-unwind" fn(State, c_int, c_int)>,
    yieldk: Option<unsafe extern "C-unwind" fn(State, c_int, isize, *const c_void) -> c_int>,
    yields: Option<unsafe extern "C-unwind" fn(State, c_int) -> c_int>,
}

fn api() -> &'static Api {
    static API: OnceLock<Api> = OnceLock::new();
    // SAFETY: names end with NUL; a function of that name has that type, and a null pointer is
    // None.
    API.get_or_init(|| unsafe {
        Api {
            callk: transmute::<*mut c_void, Option<_>>(dlsym(null_mut(), c"lua_callk".as_ptr())),
            call: transmute::<*mut c_void, Option<_>>(dlsym(null_mut(), c"lua_call".as_ptr())),
            yieldk: transmute::<*mut c_void, Option<_>>(dlsym(null_mut(), c"lua_yieldk".as_ptr())),
            yields: transmute::<*mut c_void, Option<_>>(dlsym(null_mut(), c"lua_yield".as_ptr())),
        }
    })
}

unsafe fn lua_call(state: State, arguments: c_int, results: c_int) {
    // SAFETY: the caller's state and counts.
    unsafe {
        match (api().callk, api().call) {
            (Some(f), _) => f(state, arguments, results, 0, std::ptr::null()),
            (_, Some(f)) => f(state, arguments, results),
            _ => unreachable!("neither lua_callk nor lua_call"),
        }
    }
}

/// Uses 40 KiB of stack.
#[callback]
unsafe extern "C-unwind" fn work(state: State) -> c_int {
    assert_stack_of_mode();
    // SAFETY: Lua calls with its state.
    unsafe {
        lua_pushinteger(
            state,
            (spend::<40_000>(luaL_checkinteger(state, 1) as i64) % 1000) as isize,
        )
    };
    1
}

/// Calls its argument.
#[callback]
unsafe extern "C-unwind" fn call(state: State) -> c_int {
    assert_stack_of_mode();
    // SAFETY: Lua calls with its state; no local has a destructor.
    unsafe {
        lua_pushvalue(state, 1);
        lua_call(state, 0, 1);
    }
    1
}

/// Raises an error.
#[callback]
unsafe extern "C-unwind" fn fail(state: State) -> c_int {
    assert_stack_of_mode();
    // SAFETY: Lua calls with its state; no local has a destructor.
    unsafe {
        lua_pushstring(state, c"on purpose".as_ptr());
        lua_error(state)
    }
}

/// The same by somebody who knows only "C", here and in the declarations: without the attribute the
/// body has no landing pad, and LuaJIT's errors pass.
#[callback]
unsafe extern "C" fn fail_in_c(state: State) -> c_int {
    type Push = unsafe extern "C" fn(State, *const c_char);
    type Raise = unsafe extern "C" fn(State) -> c_int;
    // SAFETY: the same functions, as they are declared in C; no local has a destructor.
    unsafe {
        transmute::<unsafe extern "C-unwind" fn(State, *const c_char), Push>(lua_pushstring)(
            state,
            c"on purpose".as_ptr(),
        );
        transmute::<unsafe extern "C-unwind" fn(State) -> c_int, Raise>(lua_error)(state)
    }
}

/// Yields its arguments.
#[callback]
unsafe extern "C-unwind" fn suspend(state: State) -> c_int {
    assert_stack_of_mode();
    // SAFETY: Lua calls with its state; the result is returned at once, as Lua asks for.
    unsafe {
        let values = lua_gettop(state);
        match (api().yieldk, api().yields) {
            (Some(f), _) => f(state, values, 0, std::ptr::null()),
            (_, Some(f)) => f(state, values),
            _ => unreachable!("neither lua_yieldk nor lua_yield"),
        }
    }
}

#[callback]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn luaopen_lua_host(state: State) -> c_int {
    // SAFETY: Lua takes both ABIs for the same.
    let in_c = unsafe { transmute::<unsafe extern "C" fn(State) -> c_int, Function>(fail_in_c) };
    let functions = [
        (c"work", work as Function),
        (c"call", call),
        (c"fail", fail),
        (c"suspend", suspend),
        (c"fail_in_c", in_c),
    ];
    // SAFETY: Lua calls with its state; names end with NUL.
    unsafe {
        lua_createtable(state, 0, 5);
        for (name, f) in functions {
            lua_pushcclosure(state, f, 0);
            lua_setfield(state, -2, name.as_ptr());
        }
    }
    1
}
