//! The return type on the closures.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeInfer, TypeParamBound};

use super::shim::Shim;
use crate::parse::tokens::mentions;

/// `-> Type`. What cannot be written on a closure (`impl Trait`) is left to inference.
pub fn annotation(shim: &Shim<'_>) -> TokenStream {
    let site = shim.site;
    match &shim.callback.signature.output {
        ReturnType::Default => quote_spanned!(site=> -> ()),
        ReturnType::Type(_, ty) => {
            let ty = without_impl_trait(ty);
            quote_spanned!(site=> -> #ty)
        }
    }
}

fn without_impl_trait(ty: &Type) -> TokenStream {
    let tokens = ty.to_token_stream();
    if !mentions(tokens.clone(), &["impl".to_owned()]) {
        return tokens;
    }
    match syn::parse2::<Type>(tokens.clone()) {
        Ok(mut ty) => {
            infer_impl_trait(&mut ty);
            ty.to_token_stream()
        }
        Err(_) => tokens,
    }
}

fn infer_impl_trait(ty: &mut Type) {
    match ty {
        Type::ImplTrait(wanted) => {
            *ty = Type::Infer(TypeInfer {
                underscore_token: syn::token::Underscore(wanted.impl_token.span),
            });
        }
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(infer_impl_trait),
        Type::Paren(paren) => infer_impl_trait(&mut paren.elem),
        Type::Reference(reference) => infer_impl_trait(&mut reference.elem),
        Type::Ptr(pointer) => infer_impl_trait(&mut pointer.elem),
        Type::Array(array) => infer_impl_trait(&mut array.elem),
        Type::Slice(slice) => infer_impl_trait(&mut slice.elem),
        Type::Path(path) => path.path.segments.iter_mut().for_each(|segment| {
            infer_in_arguments(&mut segment.arguments);
        }),
        Type::TraitObject(object) => object.bounds.iter_mut().for_each(|bound| {
            if let TypeParamBound::Trait(bound) = bound {
                let segments = bound.path.segments.iter_mut();
                segments.for_each(|segment| infer_in_arguments(&mut segment.arguments));
            }
        }),
        _ => {}
    }
}

fn infer_in_arguments(arguments: &mut PathArguments) {
    let PathArguments::AngleBracketed(arguments) = arguments else { return };
    for argument in &mut arguments.args {
        match argument {
            GenericArgument::Type(ty) => infer_impl_trait(ty),
            GenericArgument::AssocType(assigned) => infer_impl_trait(&mut assigned.ty),
            _ => {}
        }
    }
}
