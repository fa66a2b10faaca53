//! What can be asked for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Finds `extern` functions that lack #[guarded_callback].
///
/// Exit status: 0 when nothing lacks the attribute, 1 when something does, 2 when something went
/// wrong or could not be read.
#[derive(Debug, Parser)]
#[command(name = "cargo guarded-callback", bin_name = "cargo guarded-callback", version)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) check: Check,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the functions of a source tree that lack the attribute (the default)
    Check(Check),
    /// Insert the attribute, and the dependency into Cargo.toml
    Fix(Fix),
    /// List the functions of a built program or shared library that have no shim
    Binary(Binary),
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Files and folders to look at
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// List guarded and skipped functions as well
    #[arg(long)]
    pub(crate) all: bool,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Fix {
    /// Files and folders to change
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Print a diff and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write although the git tree has changes that are not committed
    #[arg(long)]
    pub(crate) allow_dirty: bool,
    /// Write although the files are in no git tree
    #[arg(long)]
    pub(crate) allow_no_vcs: bool,
    /// Insert this text, whatever is imported, and leave Cargo.toml alone
    #[arg(long, value_name = "TEXT", conflicts_with = "options")]
    pub(crate) attribute: Option<String>,
    /// Options of the attribute, such as 'reserve = "256 KiB"'
    #[arg(long, value_name = "OPTIONS", default_value = "")]
    pub(crate) options: String,
    /// Leave Cargo.toml alone, and say what it lacks
    #[arg(long)]
    pub(crate) no_dependency: bool,
    /// Depend on the guarded-callback in this folder, and not on a published version
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dependency_path: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Binary {
    /// Programs and shared libraries (ELF, Mach-O or PE), built with debug information
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// List guarded functions as well
    #[arg(long)]
    pub(crate) all: bool,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for each finding, and a summary
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for editors and code scanning
    Sarif,
}
