//! Measurements that need a process of their own: this program again, which prints one number.

use std::process::Command;

use crate::object::Object;
use crate::{first, instructions, memory};

/// The first argument of a child; the second says what it is to do.
const CHILD: &str = "--in-child";

/// Runs what the arguments ask of a child; `None` in a process that is none.
pub(crate) fn run(arguments: &[String]) -> Option<Result<(), String>> {
    let [first, rest @ ..] = arguments else { return None };
    (first == CHILD).then(|| match rest {
        [task] if task == instructions::TASK => instructions::run_in_child(),
        [task, object, case] if task == first::TASK => {
            answer(first::run_in_child(find(object)?, case)?)
        }
        [task, object, case] if task == memory::TASK => {
            answer(memory::run_in_child(find(object)?, case)?)
        }
        _ => Err(format!("no child does {rest:?}")),
    })
}

/// A command that starts a child.
pub(crate) fn arguments<'a>(task: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    core::iter::once(CHILD).chain(task.iter().copied())
}

/// The number that a child prints.
pub(crate) fn ask(task: &[&str]) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output =
        Command::new(program).args(arguments(task)).output().map_err(|error| error.to_string())?;
    let answer = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
    answer.ok_or_else(|| {
        format!("a child for {task:?} failed: {}", String::from_utf8_lossy(&output.stderr))
    })
}

fn answer(number: f64) -> Result<(), String> {
    println!("{number}");
    Ok(())
}

fn find(name: &str) -> Result<Object, String> {
    Object::all()?
        .into_iter()
        .find(|object| object.name == name)
        .ok_or(format!("no object `{name}`"))
}
