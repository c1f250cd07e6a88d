//! `#[derive(Choice)]`: an enum whose variants scripts write as strings.

use super::attributes::{Errors, script_name};
use super::convert;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result, Variant};

/// `MinMax` as `min_max`.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (i, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// The word of a variant.
fn word(variant: &Variant) -> Result<String> {
    if !matches!(variant.fields, Fields::Unit) {
        return Err(Error::new_spanned(
            variant,
            "the variants of a choice have no fields",
        ));
    }
    let mut word = snake_case(&script_name(&variant.ident));
    for attribute in &variant.attrs {
        if attribute.path().is_ident("choice") {
            attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("name") {
                    return Err(meta.error("expected `name`"));
                }
                word = meta.value()?.parse::<LitStr>()?.value();
                Ok(())
            })?;
        }
    }
    Ok(word)
}

/// What the derive expands to.
pub fn expand(item: Tokens) -> Result<Tokens> {
    let input: DeriveInput = syn::parse2(item)?;
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "a choice is an enum"));
    };
    if data.variants.is_empty() {
        return Err(Error::new_spanned(&input.ident, "a choice has variants"));
    }
    let mut errors = Errors::default();
    let words: Vec<String> = data
        .variants
        .iter()
        .filter_map(|variant| errors.keep(word(variant)))
        .collect();
    for (i, word) in words.iter().enumerate() {
        if words[..i].contains(word) {
            errors.at(&input.ident, format!("two variants are named \"{word}\""));
        }
    }
    errors.end()?;
    let convert = convert();
    let ident = &input.ident;
    let variants: Vec<_> = data.variants.iter().map(|one| &one.ident).collect();
    Ok(quote! {
        impl #ident {
            /// The words that scripts write, in the order of the variants.
            pub const NAMES: &'static [&'static str] = &[#(#words),*];

            /// The word that scripts write.
            pub const fn as_str(&self) -> &'static str {
                match self {
                    #(Self::#variants => #words,)*
                }
            }
        }

        impl #convert::Choice for #ident {
            const NAMES: &'static [&'static str] = #ident::NAMES;

            fn as_str(&self) -> &'static str {
                #ident::as_str(self)
            }

            fn from_name(name: &str) -> ::core::option::Option<Self> {
                match name {
                    #(#words => ::core::option::Option::Some(Self::#variants),)*
                    _ => ::core::option::Option::None,
                }
            }
        }

        impl #convert::FromValue for #ident {
            fn kind() -> ::std::string::String {
                #convert::kind_of_choice::<Self>()
            }

            fn from_value(
                value: &mut #convert::Dynamic,
                _: &#convert::NativeCallContext,
            ) -> #convert::Result<Self> {
                #convert::choose(value)
            }

            fn option_kind(_: &#convert::Constraint) -> #convert::OptKind {
                #convert::OptKind::Choice(#ident::NAMES)
            }
        }

        impl #convert::IntoValue for #ident {
            fn type_name() -> ::std::string::String {
                "string".into()
            }

            fn into_value(self) -> #convert::Dynamic {
                #convert::IntoValue::into_value(
                    ::std::string::String::from(#ident::as_str(&self)),
                )
            }
        }
    })
}
