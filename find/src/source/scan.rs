//! One file: its functions, and whether each is guarded.

use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, ImplItemFn, ItemFn, ItemImpl, ItemMacro, ItemMod, ItemTrait, Signature,
    TraitItemFn, Visibility,
};

use crate::error::Error;
use crate::report::{Function, Report};
use crate::source::attribute::{Cover, Names};
use crate::source::{hidden, imports, rules};

/// Adds what `file` holds to `report`.
pub(crate) fn file(file: &Path, report: &mut Report) -> Result<(), Error> {
    let source = fs::read_to_string(file).map_err(|error| Error::Io(file.to_owned(), error))?;
    text(file, &source, report)
}

/// As [`file`], for a text.
pub(crate) fn text(file: &Path, source: &str, report: &mut Report) -> Result<(), Error> {
    let syntax = syntax(source).map_err(|error| {
        Error::Syntax(file.to_owned(), error.span().start().line, error.to_string())
    })?;
    let names = Names::of(|names| syntax.show(names));
    let imported = syntax.imported();
    let module = imported.clone();
    let mut scan =
        Scan { file, report, names, covered: Cover::None, owner: None, imported, module };
    syntax.show(&mut scan);
    report.files += 1;
    Ok(())
}

/// What a file can hold: items, or the expression for an `include!`.
enum Syntax {
    Items(syn::File),
    Expression(Expr),
}

impl Syntax {
    fn show<'ast>(&'ast self, visitor: &mut impl Visit<'ast>) {
        match self {
            Self::Items(items) => visitor.visit_file(items),
            Self::Expression(expression) => visitor.visit_expr(expression),
        }
    }

    fn imported(&self) -> Option<String> {
        match self {
            Self::Items(file) => imports::in_module(&file.items, None),
            Self::Expression(_) => None,
        }
    }
}

fn syntax(text: &str) -> syn::Result<Syntax> {
    syn::parse_file(text).map(Syntax::Items).or_else(|error| {
        let expression = syn::parse_str(text).map(Syntax::Expression);
        // The first error is the one that says what is wrong with a module.
        expression.map_err(|_| error)
    })
}

struct Scan<'a> {
    file: &'a Path,
    report: &'a mut Report,
    names: Names,
    /// What the attribute on a block around says.
    covered: Cover,
    /// The type of the `impl`, or the trait.
    owner: Option<String>,
    /// What the attribute is called here, where it is imported.
    imported: Option<String>,
    /// What the module around imports it as, whatever the blocks of functions import.
    module: Option<String>,
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
        let at = abi.span().start();
        let start = leader.unwrap_or_else(|| signature.span()).start();
        self.report.functions.push(Function {
            file: self.file.to_owned(),
            line: at.line,
            column: at.column + 1,
            name,
            state: rules::state(cover, attributes, signature),
            imported: self.imported.clone(),
            place: (start.line, start.column),
        });
    }

    /// Looks into a block whose attributes cover what is in it.
    fn within(
        &mut self,
        attributes: &[Attribute],
        owner: Option<String>,
        look: impl FnOnce(&mut Self),
    ) {
        let cover = self.names.cover_of(attributes);
        let outer_cover = self.covered;
        let outer_owner = std::mem::replace(&mut self.owner, owner);
        if cover != Cover::None {
            self.covered = cover;
        }
        look(self);
        self.covered = outer_cover;
        self.owner = outer_owner;
    }

    /// Looks into a body or a value: what is nested there has no owner, and no block covers it.
    fn value(&mut self, look: impl FnOnce(&mut Self)) {
        let outer_cover = std::mem::replace(&mut self.covered, Cover::None);
        let outer_owner = self.owner.take();
        look(self);
        self.covered = outer_cover;
        self.owner = outer_owner;
    }

    /// Looks into a module or block where the attribute is called `imported`.
    fn scope(&mut self, imported: Option<String>, look: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.imported, imported);
        look(self);
        self.imported = outer;
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
        let imported = imports::in_block(block).or_else(|| self.imported.clone());
        self.scope(imported, |scan| scan.value(|scan| visit::visit_block(scan, block)));
    }

    fn visit_expr(&mut self, value: &'ast Expr) {
        self.value(|scan| visit::visit_expr(scan, value));
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let items = item.content.as_ref().map(|(_, items)| items.as_slice()).unwrap_or_default();
        let imported = imports::in_module(items, self.module.as_deref());
        let outer = std::mem::replace(&mut self.module, imported.clone());
        self.scope(imported, |scan| {
            scan.within(&item.attrs, None, |scan| visit::visit_item_mod(scan, item));
        });
        self.module = outer;
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let owner = item.self_ty.to_token_stream().to_string().replace(' ', "");
        self.within(&item.attrs, Some(owner), |scan| visit::visit_item_impl(scan, item));
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.within(&item.attrs, Some(item.ident.to_string()), |scan| {
            visit::visit_item_trait(scan, item)
        });
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

    /// Syntax that syn hands on as it is: `macro name { .. }`, `impl const T for S { .. }`.
    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        let head = tokens.clone().into_iter();
        let head = head.take_while(|token| !hidden::is_group(token, Delimiter::Brace));
        let words = head.filter(|token| matches!(token, TokenTree::Ident(_)));
        let within = words.collect::<TokenStream>().to_string();
        hidden::within(self.file, &within, tokens.clone(), self.report);
    }
}
