//! One file: its functions, and whether each is guarded.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use proc_macro2::Span;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, ImplItemFn, ItemFn, ItemImpl, ItemMacro, ItemMod, ItemTrait, Meta, MetaList, Signature,
    Token, TraitItemFn, Visibility,
};

use crate::{Error, Function, Report, State, hidden};

/// The attribute's name, under whatever path.
const NAME: &str = "guarded_callback";

/// Adds what `file` holds to `report`.
pub(crate) fn file(file: &Path, report: &mut Report) -> Result<(), Error> {
    let text = fs::read_to_string(file).map_err(|error| Error::Io(file.to_owned(), error))?;
    source(file, &text, report)
}

/// As [`file`], for a text.
pub(crate) fn source(file: &Path, text: &str, report: &mut Report) -> Result<(), Error> {
    let syntax =
        syntax(text).map_err(|error| Error::Syntax(file.to_owned(), error.span().start().line, error.to_string()))?;
    let names = Names::of(&syntax);
    let mut scan = Scan { file, report, names, covered: Cover::None, owner: None };
    match &syntax {
        Syntax::Items(items) => scan.visit_file(items),
        Syntax::Expression(expression) => scan.visit_expr(expression),
    }
    report.files += 1;
    Ok(())
}

/// What a file can hold: items, or the expression for an `include!`.
enum Syntax {
    Items(syn::File),
    Expression(Expr),
}

fn syntax(text: &str) -> syn::Result<Syntax> {
    syn::parse_file(text).map(Syntax::Items).or_else(|error| {
        let expression = syn::parse_str(text).map(Syntax::Expression);
        // The first error is the one that says what is wrong with a module.
        expression.map_err(|_| error)
    })
}

/// What the attribute is called in a file.
struct Names(HashSet<String>);

impl Names {
    fn of(syntax: &Syntax) -> Self {
        let mut names = Self(HashSet::from([NAME.to_owned()]));
        match syntax {
            Syntax::Items(items) => names.visit_file(items),
            Syntax::Expression(expression) => names.visit_expr(expression),
        }
        names
    }

    /// Whether `meta` is our attribute, and what it says of the function.
    fn cover(&self, meta: &Meta) -> Cover {
        let is_ours = meta.path().segments.last().is_some_and(|last| self.0.contains(&last.ident.to_string()));
        match meta {
            Meta::List(list) if list.path.is_ident("cfg_attr") => {
                first_of(conditional(list).iter().map(|meta| self.cover(meta)))
            }
            Meta::List(list) if is_ours && says_skip(list) => Cover::Skip,
            _ if is_ours => Cover::Guard,
            _ => Cover::None,
        }
    }

    fn cover_of(&self, attributes: &[Attribute]) -> Cover {
        first_of(attributes.iter().map(|attribute| self.cover(&attribute.meta)))
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

impl<'ast> Visit<'ast> for Names {
    fn visit_use_rename(&mut self, rename: &'ast syn::UseRename) {
        if rename.ident == NAME {
            self.0.insert(rename.rename.to_string());
        }
    }
}

/// What an attribute on a function, or on the block around it, says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cover {
    None,
    Guard,
    Skip,
}

struct Scan<'a> {
    file: &'a Path,
    report: &'a mut Report,
    names: Names,
    /// What the attribute on a block around says.
    covered: Cover,
    /// The type of the `impl`, or the trait.
    owner: Option<String>,
}

impl Scan<'_> {
    /// Notes one function; `leader` is what may stand before its signature.
    fn function(&mut self, attributes: &[Attribute], leader: Option<Span>, signature: &Signature) {
        let Some(abi) = &signature.abi else { return };
        if abi.name.as_ref().is_some_and(|name| name.value() == "Rust") {
            return;
        }
        let own = self.names.cover_of(attributes);
        let cover = if own == Cover::None { self.covered } else { own };
        let name = signature.ident.to_string();
        let name = self.owner.as_ref().map_or(name.clone(), |owner| format!("{owner}::{name}"));
        let start = leader.unwrap_or_else(|| signature.span()).start();
        self.report.functions.push(Function {
            file: self.file.to_owned(),
            line: abi.span().start().line,
            name,
            state: state(cover, attributes, signature),
            place: (start.line, start.column),
        });
    }

    /// Looks into a block whose attributes cover what is in it.
    fn within(&mut self, attributes: &[Attribute], owner: Option<String>, look: impl FnOnce(&mut Self)) {
        let cover = self.names.cover_of(attributes);
        let outer_cover = self.covered;
        let outer_owner = core::mem::replace(&mut self.owner, owner);
        if cover != Cover::None {
            self.covered = cover;
        }
        look(self);
        self.covered = outer_cover;
        self.owner = outer_owner;
    }

    /// Looks into a body or a value: what is nested there has no owner, and no block covers it.
    fn value(&mut self, look: impl FnOnce(&mut Self)) {
        let outer_cover = core::mem::replace(&mut self.covered, Cover::None);
        let outer_owner = self.owner.take();
        look(self);
        self.covered = outer_cover;
        self.owner = outer_owner;
    }
}

fn state(cover: Cover, attributes: &[Attribute], signature: &Signature) -> State {
    if cover == Cover::Skip {
        return State::Skipped;
    }
    match obstacle(attributes, signature) {
        Some(reason) => State::Cannot(reason),
        None if cover == Cover::Guard => State::Guarded,
        None => State::Lacking,
    }
}

/// Why the attribute would refuse the function: the same rules as in macros/src/check.rs.
fn obstacle(attributes: &[Attribute], signature: &Signature) -> Option<&'static str> {
    if signature.constness.is_some() {
        Some("it is `const`, and stacks exist only at run time; remove `const`")
    } else if signature.asyncness.is_some() {
        Some("it is `async`, and C does not poll; remove `async`")
    } else if signature.variadic.is_some() {
        Some("variadic arguments cannot be handed on; take a `VaList` or a fixed number of parameters")
    } else if attributes.iter().any(|attribute| is_naked(&attribute.meta)) {
        Some("it is naked; guard the function that it calls")
    } else {
        None
    }
}

fn is_naked(meta: &Meta) -> bool {
    match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => conditional(list).iter().any(is_naked),
        Meta::List(list) => list.path.is_ident("unsafe") && list.tokens.to_string() == "naked",
        meta => meta.path().is_ident("naked"),
    }
}

/// Where a visibility stands, when one is written.
fn written(visibility: &Visibility) -> Option<Span> {
    (!matches!(visibility, Visibility::Inherited)).then(|| visibility.span())
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.attrs, written(&item.vis), &item.sig);
        self.visit_block(&item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        let leader = written(&item.vis).or_else(|| item.defaultness.as_ref().map(Spanned::span));
        self.function(&item.attrs, leader, &item.sig);
        self.visit_block(&item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        let Some(block) = &item.default else { return };
        self.function(&item.attrs, None, &item.sig);
        self.visit_block(block);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.value(|scan| visit::visit_block(scan, block));
    }

    fn visit_expr(&mut self, value: &'ast Expr) {
        self.value(|scan| visit::visit_expr(scan, value));
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.within(&item.attrs, None, |scan| visit::visit_item_mod(scan, item));
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let owner = item.self_ty.to_token_stream().to_string().replace(' ', "");
        self.within(&item.attrs, Some(owner), |scan| visit::visit_item_impl(scan, item));
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.within(&item.attrs, Some(item.ident.to_string()), |scan| visit::visit_item_trait(scan, item));
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        let within = match &item.ident {
            Some(name) => format!("macro_rules! {name}"),
            None => format!("{}!", item.mac.path.to_token_stream()),
        };
        hidden::within(self.file, &within, item.mac.tokens.clone(), self.report);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let within = format!("{}!", item.path.to_token_stream());
        hidden::within(self.file, &within, item.tokens.clone(), self.report);
    }
}
