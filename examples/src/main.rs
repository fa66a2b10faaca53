//! The tour: every story without and with the attribute, and what a guarded callback costs;
//! `--map` draws a picture of the stacks.
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

use std::io::IsTerminal;
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

const HELP: &str = "\
usage: cargo run --release [-- --map | --help | STORY [plain | guarded]]

Without arguments: all stories without and with the attribute, and what a callback costs.

  --map     a picture of a thread's stacks, taken by a callback
  --help    this text
  STORY     one story: deep_frame, worker, tree_walk, coroutine or sort";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(first) = arguments.next() else { return tour() };
    match first.to_str() {
        Some("--help" | "-h" | "help") => println!("{HELP}"),
        Some("--map") => picture::print(),
        _ => {
            let Some((_, story)) = STORIES.iter().find(|(story, _)| first == *story) else {
                examples::wrong(&format!("no story is called `{}`\n\n{HELP}", first.display()))
            };
            examples::choose(arguments);
            child::leave_no_core_file();
            story();
        }
    }
    ExitCode::SUCCESS
}

fn tour() -> ExitCode {
    println!("Callbacks from C, without and with #[guarded_callback]:\n");
    let survived = STORIES.map(|(name, _)| compare(name)).iter().all(|survived| *survived);
    println!();
    cost::print();
    println!("\nThe stacks of such a thread: cargo run --release -- --map");
    if survived { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a story's two lines, and what the guarded run had to say if it failed. Returns whether it
/// survived.
fn compare(name: &str) -> bool {
    println!("{name:<12} without  {}", coloured(&child::run(&[name, "plain"])));
    let with = child::run(&[name, "guarded"]);
    println!("{:<12} with     {}", "", coloured(&with));
    if !with.survived {
        print!("{}", with.errors);
    }
    with.survived
}

/// Green or red in a terminal, unless NO_COLOR asks for none.
fn coloured(outcome: &child::Outcome) -> String {
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    match (colours, outcome.survived) {
        (false, _) => outcome.to_string(),
        (true, true) => format!("\x1b[32m{outcome}\x1b[0m"),
        (true, false) => format!("\x1b[31m{outcome}\x1b[0m"),
    }
}
