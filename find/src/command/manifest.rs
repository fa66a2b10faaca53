//! A Cargo.toml: which package a file belongs to, and whether it depends on guarded-callback.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike};

/// The crate that the attribute comes from.
pub(crate) const PACKAGE: &str = "guarded-callback";

/// The tables that a package can name dependencies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Normal,
    Dev,
    Build,
}

impl Kind {
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Normal => "dependencies",
            Self::Dev => "dev-dependencies",
            Self::Build => "build-dependencies",
        }
    }

    /// Whether code of this kind sees dependencies of the other.
    fn sees(self, other: Self) -> bool {
        self == other || (self == Self::Dev && other == Self::Normal)
    }
}

/// The Cargo.toml of one package.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) file: PathBuf,
    pub(crate) text: String,
    pub(crate) document: DocumentMut,
}

impl Manifest {
    /// Of the package that `file` belongs to: the nearest one around it.
    pub(crate) fn around(file: &Path) -> Result<Option<Self>, String> {
        let file =
            fs::canonicalize(file).map_err(|error| format!("{}: {error}", file.display()))?;
        for folder in file.ancestors().skip(1) {
            let manifest = folder.join("Cargo.toml");
            if manifest.is_file() {
                let manifest = Self::read(&manifest)?;
                if manifest.document.contains_key("package") {
                    return Ok(Some(manifest));
                }
            }
        }
        Ok(None)
    }

    fn read(file: &Path) -> Result<Self, String> {
        let text =
            fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let document = text.parse().map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { file: file.to_owned(), text, document })
    }

    /// What code of this kind sees the crate as, where it depends on it.
    pub(crate) fn name_of_crate(&self, kind: Kind) -> Option<String> {
        let kinds = [Kind::Normal, Kind::Dev, Kind::Build];
        let inherited = self.key_in_workspace();
        let seen = kinds.into_iter().filter(|other| kind.sees(*other));
        let mut tables = seen.flat_map(|kind| self.tables(kind.table()));
        let key = tables.find_map(|table| key_of_crate(table, inherited.as_deref()));
        key.map(|key| name(&key))
    }

    /// The table itself, and those below `target`.
    fn tables(&self, table: &str) -> Vec<&dyn TableLike> {
        let own = self.document.get(table);
        let targets = self.document.get("target").and_then(Item::as_table_like);
        let targets = targets.into_iter().flat_map(TableLike::iter);
        let of_targets = targets.filter_map(|(_, target)| target.get(table));
        own.into_iter().chain(of_targets).filter_map(Item::as_table_like).collect()
    }

    /// The key under which the workspace around has the crate, for its members to inherit.
    pub(crate) fn key_in_workspace(&self) -> Option<String> {
        let folders = self.file.ancestors().skip(1);
        let manifests = folders.map(|folder| folder.join("Cargo.toml"));
        let documents = manifests.filter_map(|file| Self::read(&file).ok());
        let workspace = documents.into_iter().find(|it| it.document.contains_key("workspace"))?;
        let dependencies = workspace.document.get("workspace")?.get("dependencies")?;
        key_of_crate(dependencies.as_table_like()?, None)
    }
}

/// The key under which a table of dependencies has the crate, directly or inherited as `inherited`.
fn key_of_crate(table: &dyn TableLike, inherited: Option<&str>) -> Option<String> {
    let is_ours = |key: &str, value: &Item| {
        let package = value.get("package").and_then(Item::as_str);
        let is_inherited = value.get("workspace").is_some() && Some(key) == inherited;
        is_inherited || package.unwrap_or(key) == PACKAGE
    };
    let found = table.iter().find(|(key, value)| is_ours(key, value));
    found.map(|(key, _)| key.to_owned())
}

/// What code calls the crate that a manifest has under this key.
pub(crate) fn name(key: &str) -> String {
    key.replace('-', "_")
}

/// The folder as an absolute path, where it holds the crate.
pub(crate) fn folder_of_crate(folder: &Path) -> Result<PathBuf, String> {
    let found =
        fs::canonicalize(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let document = Manifest::read(&found.join("Cargo.toml"))?.document;
    let name = document.get("package").and_then(|it| it.get("name")).and_then(Item::as_str);
    if name == Some(PACKAGE) {
        return Ok(found);
    }
    let hint = format!("is not {PACKAGE}, which is the folder `runtime` of a checkout");
    Err(format!("{}: {hint}", folder.display()))
}

/// Which dependencies a file of the package sees: those for tests in a test, and so on.
pub(crate) fn kind_of(file: &Path, manifest: &Manifest) -> Kind {
    let folder = manifest.file.parent().unwrap_or(Path::new("/"));
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let within = file.strip_prefix(folder).unwrap_or(&file);
    let script = manifest.document.get("package").and_then(|it| it.get("build"));
    let script = script.and_then(Item::as_str).unwrap_or("build.rs");
    match within.iter().next().and_then(|first| first.to_str()) {
        _ if within == Path::new(script) => Kind::Build,
        Some("tests" | "benches" | "examples") => Kind::Dev,
        _ => Kind::Normal,
    }
}
