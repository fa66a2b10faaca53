//! `fix`: the attribute into the sources, and the dependency into Cargo.toml.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use guarded_callback_find::{Attribute, Change, Plan, Report};
use similar::TextDiff;

use crate::command::FAILED;
use crate::command::arguments::Fix;
use crate::command::dependency::Dependency;
use crate::command::manifest::{self, Kind, Manifest, kind_of, name};
use crate::command::output::{counted, say, warn};
use crate::command::{check, git};

/// The exit status.
pub(crate) fn run(fix: &Fix) -> Result<u8, String> {
    let report = check::look(&fix.paths)?;
    let edits = plan(&report, fix)?;
    if fix.dry_run {
        say(&edits.diff())?;
    } else {
        edits.check_tree(fix)?;
        edits.write()?;
        say(&edits.totals())?;
    }
    edits.advice.iter().for_each(warn);
    Ok(if report.unreadable.is_empty() { 0 } else { FAILED })
}

/// All that would be written.
#[derive(Default)]
struct Edits {
    sources: Plan,
    manifests: Plan,
    /// What is left to do by hand.
    advice: Vec<String>,
}

impl Edits {
    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.sources.changes.iter().chain(&self.manifests.changes)
    }

    fn diff(&self) -> String {
        self.changes().map(diff).collect()
    }

    fn check_tree(&self, fix: &Fix) -> Result<(), String> {
        let files: Vec<&Path> = self.changes().map(|change| change.file.as_path()).collect();
        git::check(&files, fix.allow_dirty, fix.allow_no_vcs)
    }

    /// The dependencies first: who runs `fix` again after an error gets the sources that are left.
    fn write(&self) -> Result<(), String> {
        let written = self.manifests.write().and_then(|()| self.sources.write());
        written.map_err(|error| error.to_string())
    }

    fn totals(&self) -> String {
        let inserted = counted(self.sources.inserted(), "time");
        let files = counted(self.sources.changes.len(), "file");
        let manifests = self
            .manifests
            .changes
            .iter()
            .map(|it| format!("added the dependency to {}\n", it.file.display()));
        let first = format!("inserted the attribute {inserted} in {files}\n");
        [first].into_iter().chain(manifests).collect()
    }
}

fn diff(change: &Change) -> String {
    let name = change.file.display().to_string();
    let name = name.trim_start_matches("./").trim_start_matches('/');
    let (from, to) = (format!("a/{name}"), format!("b/{name}"));
    let lines = TextDiff::from_lines(&change.before, &change.after);
    lines.unified_diff().header(&from, &to).to_string()
}

/// A package, and which of its dependencies a file sees.
type Owner = Option<(PathBuf, Kind)>;

/// One plan for each package, since the crate may have another name in each.
fn plan(report: &Report, fix: &Fix) -> Result<Edits, String> {
    let mut manifests: BTreeMap<PathBuf, Manifest> = BTreeMap::new();
    let mut owners: BTreeMap<Owner, Report> = BTreeMap::new();
    for function in report.lacking() {
        let manifest = Manifest::around(&function.file)?;
        let owner = manifest.as_ref().map(|it| (it.file.clone(), kind_of(&function.file, it)));
        manifests.extend(manifest.map(|it| (it.file.clone(), it)));
        owners.entry(owner).or_default().functions.push(function.clone());
    }
    // Also where nothing lacks the attribute, so that a wrong text is always told.
    let none = Plan::new(&Report::default(), &attribute(fix, None));
    let mut edits = Edits { sources: none.map_err(|error| error.to_string())?, ..Edits::default() };
    let path = fix.dependency_path.as_deref().map(manifest::folder_of_crate).transpose();
    let path = path.map_err(|error| format!("--dependency-path: {error}"))?;
    for (owner, report) in owners {
        let owner = owner.map(|(file, kind)| (&manifests[&file], kind));
        let known = owner.and_then(|(manifest, kind)| manifest.name_of_crate(kind));
        let lacking = owner.filter(|_| known.is_none() && fix.attribute.is_none());
        let added = lacking.map(|(it, _)| Dependency::new(it, path.as_deref()));
        let attribute = attribute(fix, known.or(added.as_ref().map(|it| name(&it.key))));
        let plan = Plan::new(&report, &attribute).map_err(|error| error.to_string())?;
        edits.sources.changes.extend(plan.changes);
        if let (Some((manifest, kind)), Some(dependency)) = (lacking, added) {
            depend(manifest, kind, &dependency, fix, &mut edits)?;
        }
    }
    Ok(edits)
}

/// The attribute for a package that knows the crate as `name`.
fn attribute(fix: &Fix, name: Option<String>) -> Attribute {
    if let Some(text) = &fix.attribute {
        return Attribute::exact(text);
    }
    let name = name.as_deref().unwrap_or("guarded_callback");
    let path = format!("{name}::guarded_callback");
    // The expanded code has to be told what the crate is called.
    let place = (name != "guarded_callback").then(|| format!("crate = {name}"));
    let own = (!fix.options.is_empty()).then(|| fix.options.clone());
    let options: Vec<String> = own.into_iter().chain(place).collect();
    Attribute::imported(&path, &options.join(", "))
}

/// Adds the dependency to the package, or says that it lacks.
fn depend(
    manifest: &Manifest,
    kind: Kind,
    dependency: &Dependency,
    fix: &Fix,
    edits: &mut Edits,
) -> Result<(), String> {
    if fix.no_dependency {
        let (file, table, line) = (manifest.file.display(), kind.table(), dependency.line());
        edits.advice.push(format!("{file}: needs `{line}` in [{table}]"));
        return Ok(());
    }
    // Two kinds of files of one package may each need a table of their own.
    let changes = &mut edits.manifests.changes;
    let earlier = changes.iter().position(|change| change.file == manifest.file);
    let mut manifest = manifest.clone();
    if let Some(earlier) = earlier {
        manifest.document = changes[earlier].after.parse().map_err(|error| format!("{error}"))?;
        if manifest.name_of_crate(kind).is_some() {
            return Ok(());
        }
        changes.remove(earlier);
    }
    let after = dependency.add_to(&manifest, kind)?;
    changes.push(Change::new(manifest.file, &manifest.text, &after));
    Ok(())
}
