//! The return type on the closures.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeParamBound, parse_quote_spanned};

use super::shim::Shim;
use crate::parse::tokens::mentions;

/// `-> Type`. What cannot be written on a closure (`impl Trait`) is left to inference, and for
/// clippy the lifetimes are, whose names it would take for used in the body.
pub fn annotation(shim: &Shim<'_>, is_for_clippy: bool) -> TokenStream {
    let site = shim.site;
    let ReturnType::Type(_, ty) = &shim.callback.signature.output else {
        return quote_spanned!(site=> -> ());
    };
    match syn::parse2::<Type>(ty.to_token_stream()) {
        Ok(mut inferred) if is_for_clippy || is_opaque(shim) => {
            infer(&mut inferred);
            quote_spanned!(site=> -> #inferred)
        }
        _ => quote_spanned!(site=> -> #ty),
    }
}

/// Whether only the function itself has the type, which is `impl Trait` in part.
pub fn is_opaque(shim: &Shim<'_>) -> bool {
    mentions(shim.callback.signature.output.to_token_stream(), &["impl".to_owned()])
}

/// Replaces `impl Trait` and names of lifetimes.
fn infer(ty: &mut Type) {
    match ty {
        Type::ImplTrait(wanted) => *ty = parse_quote_spanned!(wanted.impl_token.span=> _),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(infer),
        Type::Paren(paren) => infer(&mut paren.elem),
        Type::Reference(reference) => {
            reference.lifetime = None;
            infer(&mut reference.elem);
        }
        Type::Ptr(pointer) => infer(&mut pointer.elem),
        Type::Array(array) => infer(&mut array.elem),
        Type::Slice(slice) => infer(&mut slice.elem),
        Type::Path(path) => path.path.segments.iter_mut().for_each(|segment| {
            infer_in_arguments(&mut segment.arguments);
        }),
        Type::TraitObject(object) => object.bounds.iter_mut().for_each(|bound| match bound {
            TypeParamBound::Trait(bound) if bound.lifetimes.is_none() => {
                let segments = bound.path.segments.iter_mut();
                segments.for_each(|segment| infer_in_arguments(&mut segment.arguments));
            }
            TypeParamBound::Lifetime(name) => name.ident = Ident::new("_", name.ident.span()),
            _ => {}
        }),
        _ => {}
    }
}

fn infer_in_arguments(arguments: &mut PathArguments) {
    let PathArguments::AngleBracketed(arguments) = arguments else { return };
    for argument in &mut arguments.args {
        match argument {
            GenericArgument::Lifetime(name) => name.ident = Ident::new("_", name.ident.span()),
            GenericArgument::Type(ty) => infer(ty),
            GenericArgument::AssocType(assigned) => infer(&mut assigned.ty),
            _ => {}
        }
    }
}
