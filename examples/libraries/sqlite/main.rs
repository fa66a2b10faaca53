//! SQLite calls a function, a collation and a progress handler out of a recursive query, on a
//! thread as small as musl's.
//!
//! The function evaluates formulas by recursive descent, one frame of Rust for each pair of
//! parentheses: a formula that nests 2,000 deep needs more than the whole thread has.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::{ptr, slice};

use guarded_callback::{guarded_callback, remaining_stack};
use library_examples::{is_plain, on_small_thread};
use libsqlite3_sys as sqlite;

const ROWS: usize = 500;
const NESTING: usize = 2_000;

/// Each row a formula of 2,000 pairs of parentheses, sorted by the length of a name.
const QUERY: &CStr = c"
    WITH RECURSIVE row(number) AS
        (SELECT 1 UNION ALL SELECT number + 1 FROM row WHERE number < 500)
    SELECT evaluate(nest(number)) FROM row ORDER BY printf('%d', number) COLLATE by_length";

/// What the callbacks gather.
#[derive(Default)]
struct Counts {
    compared: bool,
    progressed: bool,
    lowest_room_bytes: Option<usize>,
}

type Function =
    unsafe extern "C" fn(*mut sqlite::sqlite3_context, c_int, *mut *mut sqlite::sqlite3_value);
type Collation =
    unsafe extern "C" fn(*mut c_void, c_int, *const c_void, c_int, *const c_void) -> c_int;
type Progress = unsafe extern "C" fn(*mut c_void) -> c_int;

/// The callbacks as they would be written without the attribute.
mod plain {
    use super::*;

    pub unsafe extern "C" fn evaluate(
        context: *mut sqlite::sqlite3_context,
        _count: c_int,
        arguments: *mut *mut sqlite::sqlite3_value,
    ) {
        // SAFETY: SQLite passes its context and the one argument that the function was created for.
        unsafe { super::evaluate(context, arguments) }
    }

    pub unsafe extern "C" fn by_length(
        counts: *mut c_void,
        a_bytes: c_int,
        _a: *const c_void,
        b_bytes: c_int,
        _b: *const c_void,
    ) -> c_int {
        // SAFETY: SQLite passes back the pointer that the collation was created with.
        unsafe { (*counts.cast::<Counts>()).compared = true };
        a_bytes - b_bytes
    }

    pub unsafe extern "C" fn progress(counts: *mut c_void) -> c_int {
        // SAFETY: as in `by_length`.
        unsafe { (*counts.cast::<Counts>()).progressed = true };
        0
    }
}

/// The same callbacks with the attribute.
mod guarded {
    use super::*;

    #[guarded_callback(reserve = "4 MiB")]
    pub unsafe extern "C" fn evaluate(
        context: *mut sqlite::sqlite3_context,
        _count: c_int,
        arguments: *mut *mut sqlite::sqlite3_value,
    ) {
        // SAFETY: as in `plain::evaluate`.
        unsafe { super::evaluate(context, arguments) }
    }

    #[guarded_callback]
    pub unsafe extern "C" fn by_length(
        counts: *mut c_void,
        a_bytes: c_int,
        _a: *const c_void,
        b_bytes: c_int,
        _b: *const c_void,
    ) -> c_int {
        // SAFETY: as in `plain::by_length`.
        unsafe { (*counts.cast::<Counts>()).compared = true };
        a_bytes - b_bytes
    }

    #[guarded_callback]
    pub unsafe extern "C" fn progress(counts: *mut c_void) -> c_int {
        // SAFETY: as in `plain::by_length`.
        unsafe { (*counts.cast::<Counts>()).progressed = true };
        0
    }
}

/// # Safety
/// As SQLite calls a function of one argument whose user data is a [`Counts`].
unsafe fn evaluate(
    context: *mut sqlite::sqlite3_context,
    arguments: *mut *mut sqlite::sqlite3_value,
) {
    // SAFETY: see above; the text lives until the function returns.
    unsafe {
        let counts = sqlite::sqlite3_user_data(context).cast::<Counts>();
        (*counts).lowest_room_bytes =
            (*counts).lowest_room_bytes.min(remaining_stack()).or(remaining_stack());
        let text = sqlite::sqlite3_value_text(*arguments);
        let bytes = sqlite::sqlite3_value_bytes(*arguments);
        let (value, _) = sum(slice::from_raw_parts(text, bytes as usize));
        sqlite::sqlite3_result_int64(context, value);
    }
}

/// `(1+(1+7))`: the value, and what stands behind it.
fn sum(formula: &[u8]) -> (i64, &[u8]) {
    match formula {
        [b'(', rest @ ..] => {
            let (left, rest) = sum(rest);
            let (right, rest) = sum(&rest[1..]);
            (left + right, &rest[1..])
        }
        digits => {
            let length = digits.iter().take_while(|digit| digit.is_ascii_digit()).count();
            let value = digits[..length]
                .iter()
                .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
            (value, &digits[length..])
        }
    }
}

/// Makes the formula of a row: small, so it needs no room.
unsafe extern "C" fn nest(
    context: *mut sqlite::sqlite3_context,
    _count: c_int,
    arguments: *mut *mut sqlite::sqlite3_value,
) {
    // SAFETY: as in `plain::evaluate`; SQLite copies the text (SQLITE_TRANSIENT).
    unsafe {
        let number = sqlite::sqlite3_value_int64(*arguments);
        let formula = format!("{}{number}{}", "(1+".repeat(NESTING), ")".repeat(NESTING));
        let text = formula.as_ptr().cast::<c_char>();
        sqlite::sqlite3_result_text(
            context,
            text,
            formula.len() as c_int,
            sqlite::SQLITE_TRANSIENT(),
        );
    }
}

/// Opens a database in memory, runs the query, and adds up its rows.
fn run(evaluate: Function, by_length: Collation, progress: Progress) -> (usize, i64, Counts) {
    let mut counts = Counts::default();
    let user = (&raw mut counts).cast();
    let mut database = ptr::null_mut();
    let mut statement = ptr::null_mut();
    let (mut rows, mut total) = (0, 0);
    // SAFETY: the handles come from SQLite and are used until they are closed; `counts` outlives
    // the database; the texts end with NUL.
    unsafe {
        let (utf8, pure) =
            (sqlite::SQLITE_UTF8, sqlite::SQLITE_UTF8 | sqlite::SQLITE_DETERMINISTIC);
        assert_eq!(
            sqlite::sqlite3_open(c":memory:".as_ptr(), &raw mut database),
            sqlite::SQLITE_OK
        );
        for (name, function) in [(c"nest", nest as Function), (c"evaluate", evaluate)] {
            let (name, function) = (name.as_ptr(), Some(function));
            let status = sqlite::sqlite3_create_function_v2(
                database, name, 1, pure, user, function, None, None, None,
            );
            assert_eq!(status, sqlite::SQLITE_OK);
        }
        let status = sqlite::sqlite3_create_collation_v2(
            database,
            c"by_length".as_ptr(),
            utf8,
            user,
            Some(by_length),
            None,
        );
        assert_eq!(status, sqlite::SQLITE_OK);
        sqlite::sqlite3_progress_handler(database, 100, Some(progress), user);
        let status = sqlite::sqlite3_prepare_v2(
            database,
            QUERY.as_ptr(),
            -1,
            &raw mut statement,
            ptr::null_mut(),
        );
        assert_eq!(status, sqlite::SQLITE_OK);
        while sqlite::sqlite3_step(statement) == sqlite::SQLITE_ROW {
            rows += 1;
            total += sqlite::sqlite3_column_int64(statement, 0);
        }
        assert_eq!(sqlite::sqlite3_finalize(statement), sqlite::SQLITE_OK);
        assert_eq!(sqlite::sqlite3_close(database), sqlite::SQLITE_OK);
    }
    (rows, total, counts)
}

fn main() {
    let (rows, total, counts) = on_small_thread(|| {
        if is_plain() {
            run(plain::evaluate, plain::by_length, plain::progress)
        } else {
            run(guarded::evaluate, guarded::by_length, guarded::progress)
        }
    });
    assert!(rows == ROWS && counts.compared && counts.progressed);
    let room_mib = counts.lowest_room_bytes.map_or(0, |bytes| bytes >> 20);
    println!(
        "sqlite: {rows} formulas of {NESTING} pairs of parentheses, sum {total}, \
         {room_mib} MiB left in the function"
    );
}
