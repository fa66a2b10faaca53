//! What the attribute is called at a place in a file, where it was imported there.

use syn::{Block, Item, ItemUse, Stmt, UseTree};

use crate::source::attribute::NAME;

/// The name in the module or block that holds `items`; `outer` is the name in the module around,
/// which `use super::*` hands on.
pub(crate) fn in_module(items: &[Item], outer: Option<&str>) -> Option<String> {
    let uses = items.iter().filter_map(|item| match item {
        Item::Use(item) => Some(item),
        _ => None,
    });
    name(uses, outer)
}

/// The name that a block imports for itself.
pub(crate) fn in_block(block: &Block) -> Option<String> {
    let uses = block.stmts.iter().filter_map(|statement| match statement {
        Stmt::Item(Item::Use(item)) => Some(item),
        _ => None,
    });
    name(uses, None)
}

fn name<'a>(uses: impl Iterator<Item = &'a ItemUse>, outer: Option<&str>) -> Option<String> {
    // An import behind a condition may not be there when the function is.
    let certain = uses.filter(|item| !item.attrs.iter().any(|it| it.path().is_ident("cfg")));
    certain.filter_map(|item| imported(&item.tree, None, outer)).next()
}

/// What `tree` imports the attribute as; `from` is the last segment before it.
fn imported(tree: &UseTree, from: Option<&str>, outer: Option<&str>) -> Option<String> {
    match tree {
        UseTree::Path(path) => imported(&path.tree, Some(&path.ident.to_string()), outer),
        UseTree::Group(group) => group.items.iter().find_map(|tree| imported(tree, from, outer)),
        // At the start of a path this is the crate, and not the attribute.
        UseTree::Name(name) => (from.is_some() && name.ident == NAME).then(|| NAME.to_owned()),
        UseTree::Rename(rename) => {
            let is_ours = from.is_some() && rename.ident == NAME && rename.rename != "_";
            is_ours.then(|| rename.rename.to_string())
        }
        UseTree::Glob(_) => match from {
            Some(NAME) => Some(NAME.to_owned()),
            Some("super") => outer.map(ToOwned::to_owned),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::in_module;

    fn name(source: &str, outer: Option<&str>) -> Option<String> {
        in_module(&syn::parse_file(source).unwrap().items, outer)
    }

    #[test]
    fn every_way_to_import_the_attribute_is_known() {
        for (source, expected) in [
            ("use guarded_callback::guarded_callback;", Some("guarded_callback")),
            ("use ::guarded_callback::{Mode, guarded_callback as gc};", Some("gc")),
            ("use guarded_callback::*;", Some("guarded_callback")),
            ("pub(crate) use renamed::guarded_callback;", Some("guarded_callback")),
            ("use guarded_callback;", None),
            ("use guarded_callback as gc;", None),
            ("use guarded_callback::guarded_callback as _;", None),
            ("use guarded_callback::Mode;", None),
            ("#[cfg(unix)] use guarded_callback::guarded_callback;", None),
            ("mod inner { use guarded_callback::guarded_callback; }", None),
        ] {
            assert_eq!(name(source, None).as_deref(), expected, "{source}");
        }
    }

    #[test]
    fn a_glob_of_the_module_around_hands_its_name_on() {
        assert_eq!(name("use super::*;", Some("gc")).as_deref(), Some("gc"));
        assert_eq!(name("use super::other;", Some("gc")), None);
    }
}
