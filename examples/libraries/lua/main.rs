//! A Lua function written in Rust raises errors by `lua_error`, which leaves by longjmp, on a
//! thread as small as musl's.
//!
//! Each of 100,000 errors abandons a body in its middle. The runtime finds the stack again each
//! time: it needs one, not 100,000.

use core::ffi::{CStr, c_int};

use guarded_callback::{guarded_callback, stats};
use library_examples::{is_plain, on_small_thread};
use mlua_sys as lua;

/// Bytes of the picture that the callback draws on its stack.
const PICTURE_BYTES: usize = 300 * 1024;

const PROGRAM: &CStr = c"
    local drawn, refused = 0, 0
    for size = 1, 200000 do
        local could = pcall(draw, size % 2 == 0 and size % 80 or -size)
        if could then drawn = drawn + 1 else refused = refused + 1 end
    end
    return drawn, refused";

/// The function as it would be written without the attribute.
///
/// # Safety
/// Lua calls it with its state.
unsafe extern "C-unwind" fn draw_plain(state: *mut lua::lua_State) -> c_int {
    // SAFETY: passed on.
    unsafe { draw(state) }
}

/// The same function with the attribute.
///
/// # Safety
/// As [`draw_plain`].
#[guarded_callback(reserve = "512 KiB")]
unsafe extern "C-unwind" fn draw_guarded(state: *mut lua::lua_State) -> c_int {
    // SAFETY: passed on.
    unsafe { draw(state) }
}

/// Draws a bar of the size that Lua asks for. No local here has a destructor, so that `lua_error`
/// may jump away over it.
///
/// # Safety
/// As [`draw_plain`].
unsafe fn draw(state: *mut lua::lua_State) -> c_int {
    let mut picture = [b' '; PICTURE_BYTES];
    // SAFETY: the state is Lua's; the text ends with NUL.
    unsafe {
        let size = lua::lua_tointeger(state, 1);
        let Ok(size) = usize::try_from(size) else {
            lua::lua_pushstring(state, c"a bar cannot be shorter than nothing".as_ptr());
            lua::lua_error(state);
        };
        picture[..size.min(PICTURE_BYTES)].fill(b'#');
        let ink = core::hint::black_box(&picture).iter().take_while(|&&dot| dot == b'#').count();
        lua::lua_pushinteger(state, ink as lua::lua_Integer);
    }
    1
}

/// Runs the program; returns what it returns.
fn run(draw: lua::lua_CFunction) -> (i64, i64) {
    // SAFETY: the state is used by this thread alone until it is closed, and texts end with NUL.
    unsafe {
        let state = lua::luaL_newstate();
        assert!(!state.is_null());
        lua::luaL_openlibs(state);
        lua::lua_pushcfunction(state, draw);
        lua::lua_setglobal(state, c"draw".as_ptr());
        assert_eq!(lua::luaL_loadstring(state, PROGRAM.as_ptr()), lua::LUA_OK);
        assert_eq!(lua::lua_pcall(state, 0, 2, 0), lua::LUA_OK);
        let counts = (lua::lua_tointeger(state, -2), lua::lua_tointeger(state, -1));
        lua::lua_close(state);
        counts
    }
}

fn main() {
    let (drawn, refused) =
        on_small_thread(|| run(if is_plain() { draw_plain } else { draw_guarded }));
    println!(
        "lua: {drawn} bars drawn, {refused} errors by longjmp, {} stacks mapped",
        stats().stacks_mapped
    );
}
