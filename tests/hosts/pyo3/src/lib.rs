//! PyO3 functions with the attribute: below `#[pyfunction]`, on functions of Rust's own ABI.

use modes::callback;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use support::{assert_stack_of_mode, spend};

/// Uses 40 KiB of stack.
#[pyfunction]
#[callback]
fn work(n: i64) -> PyResult<i64> {
    assert_stack_of_mode();
    if n < 0 {
        return Err(PyValueError::new_err("too small"));
    }
    Ok(spend::<40_000>(n) % 1000)
}

/// Uses 200 KiB of stack.
#[pyfunction]
#[callback(reserve = "256 KiB")]
fn large(n: i64) -> i64 {
    spend::<200_000>(n) % 1000
}

/// Calls a function; its error is passed on.
#[pyfunction]
#[callback]
fn call<'py>(f: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    assert_stack_of_mode();
    f.call0()
}

/// Panics, which Python sees as a `PanicException`.
#[pyfunction]
#[callback]
fn panics(n: i64) -> i64 {
    assert_stack_of_mode();
    panic!("on purpose {n}")
}

#[pymodule]
fn pyo3_host(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(work, module)?)?;
    module.add_function(wrap_pyfunction!(large, module)?)?;
    module.add_function(wrap_pyfunction!(call, module)?)?;
    module.add_function(wrap_pyfunction!(panics, module)?)
}
