//! The attribute as it is written: by name, by path, renamed, behind a condition.

use std::collections::HashSet;

use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Attribute, Meta, MetaList, Token};

/// The attribute's name, under whatever path.
pub(crate) const NAME: &str = "guarded_callback";

/// What an attribute on a function, or on the block around it, says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cover {
    None,
    Guard,
    Skip,
}

/// What the attribute is called in a file.
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// `visit` shows the file to the visitor that it is given.
    pub(crate) fn of(visit: impl FnOnce(&mut Self)) -> Self {
        let mut names = Self(HashSet::from([NAME.to_owned()]));
        visit(&mut names);
        names
    }

    /// What the attributes say of the function.
    pub(crate) fn cover_of(&self, attributes: &[Attribute]) -> Cover {
        first_of(attributes.iter().map(|attribute| self.cover(&attribute.meta)))
    }

    fn cover(&self, meta: &Meta) -> Cover {
        let last = meta.path().segments.last();
        let is_ours = last.is_some_and(|last| self.0.contains(&last.ident.to_string()));
        match meta {
            Meta::List(list) if list.path.is_ident("cfg_attr") => {
                first_of(conditional(list).iter().map(|meta| self.cover(meta)))
            }
            Meta::List(list) if is_ours && says_skip(list) => Cover::Skip,
            _ if is_ours => Cover::Guard,
            _ => Cover::None,
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_use_rename(&mut self, rename: &'ast syn::UseRename) {
        if rename.ident == NAME {
            self.0.insert(rename.rename.to_string());
        }
    }
}

fn first_of(covers: impl IntoIterator<Item = Cover>) -> Cover {
    covers.into_iter().find(|cover| *cover != Cover::None).unwrap_or(Cover::None)
}

fn says_skip(list: &MetaList) -> bool {
    list.tokens.to_string().trim_end_matches([' ', ',']) == "skip"
}

/// The attributes of a `cfg_attr`, without its condition.
fn conditional(list: &MetaList) -> Vec<Meta> {
    let metas = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    metas.map(|metas| metas.into_iter().skip(1).collect()).unwrap_or_default()
}

/// All attributes, those behind `cfg_attr` and inside of `unsafe(..)` included.
pub(crate) fn all(attributes: &[Attribute]) -> Vec<Meta> {
    attributes.iter().flat_map(|attribute| unwrapped(&attribute.meta)).collect()
}

fn unwrapped(meta: &Meta) -> Vec<Meta> {
    match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            conditional(list).iter().flat_map(unwrapped).collect()
        }
        Meta::List(list) if list.path.is_ident("unsafe") => {
            list.parse_args().map_or_else(|_| vec![meta.clone()], |inner| vec![inner])
        }
        meta => vec![meta.clone()],
    }
}
