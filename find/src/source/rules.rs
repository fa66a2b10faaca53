//! Whether a function could, and should, have the attribute.

use syn::{Attribute, Expr, Lit, Meta, Signature};

use crate::exempt;
use crate::report::State;
use crate::source::attribute::{Cover, all};

/// The state of a function with these attributes, below blocks that say `cover`.
pub(crate) fn state(cover: Cover, attributes: &[Attribute], signature: &Signature) -> State {
    if cover == Cover::Skip {
        return State::Skipped;
    }
    let attributes = all(attributes);
    if let Some(reason) = obstacle(&attributes, signature) {
        return State::Cannot(reason);
    }
    match (exemption(&attributes, signature), cover) {
        (Some(reason), _) => State::MustNot(reason),
        (None, Cover::Guard) => State::Guarded,
        (None, _) => State::Lacking,
    }
}

/// Why the attribute would refuse the function: the same rules as in the macro's own checks.
fn obstacle(attributes: &[Meta], signature: &Signature) -> Option<&'static str> {
    if signature.constness.is_some() {
        Some("it is `const`, and stacks exist only at run time; remove `const`")
    } else if signature.asyncness.is_some() {
        Some("it is `async`, and C does not poll; remove `async`")
    } else if signature.variadic.is_some() {
        Some("variadic arguments cannot be handed on; take a `VaList` or a number of parameters")
    } else if attributes.iter().any(|meta| meta.path().is_ident("naked")) {
        Some("it is naked; guard the function that it calls")
    } else {
        None
    }
}

/// Why the function must not be guarded although it could be.
fn exemption(attributes: &[Meta], signature: &Signature) -> Option<&'static str> {
    let abi = signature.abi.as_ref().and_then(|abi| abi.name.as_ref()).map(syn::LitStr::value);
    let names = attributes.iter().filter_map(|meta| meta.path().get_ident());
    abi.and_then(|abi| exempt::reason_for_abi(&abi))
        .or_else(|| names.map(ToString::to_string).find_map(|it| exempt::reason_for_attribute(&it)))
        .or_else(|| symbol(attributes, signature).and_then(|it| exempt::reason_for_symbol(&it)))
}

/// The symbol that the function is exported as, when its name is not mangled.
fn symbol(attributes: &[Meta], signature: &Signature) -> Option<String> {
    attributes.iter().find_map(|meta| match meta {
        Meta::Path(path) if path.is_ident("no_mangle") => Some(signature.ident.to_string()),
        Meta::NameValue(pair) if pair.path.is_ident("export_name") => text(&pair.value),
        _ => None,
    })
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
