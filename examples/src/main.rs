//! The tour: every story without and with the attribute, a picture of the stacks, and what a
//! guarded callback costs.
//!
//! Each run of a story is a process of its own, since the unprotected ones die: this program,
//! started again with the story's name. It ends with a failure when a story does not survive with
//! the attribute.

#[path = "../coroutine/main.rs"]
mod coroutine;
#[path = "../deep_frame/main.rs"]
mod deep_frame;
#[path = "../sort/main.rs"]
mod sort;
#[path = "../tree_walk/main.rs"]
mod tree_walk;
#[path = "../worker/main.rs"]
mod worker;

mod child;
mod cost;
mod picture;

use std::process::ExitCode;

/// A story's name and its program.
type Story = (&'static str, fn());

const STORIES: [Story; 5] = [
    ("deep_frame", deep_frame::main),
    ("worker", worker::main),
    ("tree_walk", tree_walk::main),
    ("coroutine", coroutine::main),
    ("sort", sort::main),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(first) = arguments.next() else { return tour() };
    let Some((_, story)) = STORIES.iter().find(|(story, _)| first == *story) else {
        examples::wrong(&format!(
            "no story is called `{}`; start the tour without arguments",
            first.display()
        ))
    };
    examples::choose(arguments);
    child::leave_no_core_file();
    story();
    ExitCode::SUCCESS
}

fn tour() -> ExitCode {
    println!("Callbacks from C, without and with #[guarded_callback]:\n");
    let survived = STORIES.map(|(name, _)| compare(name)).iter().all(|survived| *survived);
    println!();
    picture::print();
    println!();
    cost::print();
    if survived { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a story's line, and what the guarded run had to say if it failed. Returns whether it
/// survived.
fn compare(name: &str) -> bool {
    let without = child::run(&[name, "plain"]);
    let with = child::run(&[name, "guarded"]);
    println!("{name:<11} without: {:<40} with: {}", without.to_string(), with);
    if !with.survived {
        print!("{}", with.errors);
    }
    with.survived
}
