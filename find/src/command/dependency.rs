//! The dependency on guarded-callback, added to a Cargo.toml where it is lacking.

use std::path::Path;

use toml_edit::{InlineTable, Item, Table, Value};

use crate::command::manifest::{Kind, Manifest, PACKAGE};

/// The version that `fix` writes: the one of this tool.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What to add: the key, and where the crate comes from.
pub(crate) struct Dependency {
    pub(crate) key: String,
    source: Item,
}

impl Dependency {
    pub(crate) fn new(manifest: &Manifest, path: Option<&Path>) -> Self {
        let one = |key: &str, value: Value| {
            let mut table = InlineTable::new();
            table.insert(key, value);
            Item::Value(Value::InlineTable(table))
        };
        let (key, source) = match (path, manifest.key_in_workspace()) {
            (Some(path), _) => (None, one("path", path.display().to_string().into())),
            (None, Some(key)) => (Some(key), one("workspace", true.into())),
            (None, None) => (None, Item::Value(VERSION.into())),
        };
        Self { key: key.unwrap_or_else(|| PACKAGE.to_owned()), source }
    }

    /// The line to write, for a reader.
    pub(crate) fn line(&self) -> String {
        format!("{} = {}", self.key, self.source.to_string().trim())
    }

    /// The text of the manifest with the dependency.
    pub(crate) fn add_to(&self, manifest: &Manifest, kind: Kind) -> Result<String, String> {
        let mut document = manifest.document.clone();
        let item = document.entry(kind.table()).or_insert_with(|| Item::Table(Table::new()));
        let table = item.as_table_like_mut().ok_or_else(|| {
            format!("{}: `{}` is no table", manifest.file.display(), kind.table())
        })?;
        table.insert(&self.key, self.source.clone());
        Ok(as_in(&manifest.text, &document.to_string()))
    }
}

/// `after` with the byte order mark and the ends of lines that `before` has; toml_edit keeps none.
fn as_in(before: &str, after: &str) -> String {
    let mark = if before.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    let end = if before.contains("\r\n") { "\r\n" } else { "\n" };
    format!("{mark}{}", after.replace("\r\n", "\n").replace('\n', end))
}

#[cfg(test)]
mod tests {
    use super::{Dependency, Kind, Manifest};

    fn manifest(text: &str) -> Manifest {
        let document = text.parse().unwrap();
        Manifest { file: "/nowhere/Cargo.toml".into(), text: text.to_owned(), document }
    }

    #[test]
    fn a_line_is_added_and_nothing_else_changes() {
        let text = "# Mine.\n[package]\nname = \"a\" # short\n\n\
                    [dependencies]\nlibc = \"0.2\"\n\n[features]\n";
        let manifest = manifest(text);
        let version = super::VERSION;
        let expected = text.replace(
            "libc = \"0.2\"\n",
            &format!("libc = \"0.2\"\nguarded-callback = \"{version}\"\n"),
        );
        assert_eq!(
            Dependency::new(&manifest, None).add_to(&manifest, Kind::Normal).unwrap(),
            expected
        );
    }

    #[test]
    fn a_byte_order_mark_and_the_ends_of_lines_stay() {
        let text = "\u{feff}[dependencies]\r\nlibc = \"0.2\" # long\r\n\r\n[features]\r\n";
        let manifest = manifest(text);
        let added = Dependency::new(&manifest, None).add_to(&manifest, Kind::Normal).unwrap();
        let line = format!("guarded-callback = \"{}\"\r\n", super::VERSION);
        assert_eq!(added.replace(&line, ""), text);
        assert!(added.contains(&line));
    }

    #[test]
    fn a_table_that_is_lacking_is_made() {
        let manifest = manifest("[package]\nname = \"a\"\n");
        let folder = Some(std::path::Path::new("/there"));
        let added = Dependency::new(&manifest, folder).add_to(&manifest, Kind::Dev).unwrap();
        let line = "[dev-dependencies]\nguarded-callback = { path = \"/there\" }\n";
        assert_eq!(added, format!("[package]\nname = \"a\"\n\n{line}"));
    }

    #[test]
    fn a_dependency_is_known_under_its_name_here_and_for_one_target() {
        for (text, kind, expected) in [
            ("[dependencies]\nguarded-callback = \"1\"\n", Kind::Normal, Some("guarded_callback")),
            ("[dependencies.gc-x]\npackage = \"guarded-callback\"\n", Kind::Dev, Some("gc_x")),
            (
                "[target.x.dependencies]\nguarded-callback = \"1\"\n",
                Kind::Normal,
                Some("guarded_callback"),
            ),
            ("[dev-dependencies]\nguarded-callback = \"1\"\n", Kind::Normal, None),
            ("[dependencies]\nguarded-callback = { package = \"other\" }\n", Kind::Normal, None),
        ] {
            assert_eq!(manifest(text).name_of_crate(kind).as_deref(), expected, "{text}");
        }
    }
}
