//! `#[derive(Options)]`: a struct as the options of native functions.

use super::attributes::{Constraint, Default as DefaultValue, Errors, docs, script_name, text};
use super::convert;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, LitStr, Result, Type};

/// A field: a key, or the options of another struct.
// a derive holds a handful of them, while the compiler runs
#[expect(clippy::large_enum_variant)]
enum Row {
    Key {
        ident: Ident,
        read: Type,
        name: String,
        text: String,
        constraint: Constraint,
        default: Option<DefaultValue>,
    },
    Flattened {
        ident: Ident,
        read: Type,
    },
}

/// Whether a type is written `Option<…>`.
fn is_option(declared: &Type) -> bool {
    matches!(declared, Type::Path(path)
        if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

fn row(field: &Field) -> Result<Row> {
    let mut errors = Errors::default();
    let ident = field
        .ident
        .clone()
        .ok_or_else(|| Error::new_spanned(field, "the fields of options have names"))?;
    let mut name = script_name(&ident);
    let (mut constraint, mut default, mut is_flattened) = (Constraint::default(), None, false);
    for attribute in field
        .attrs
        .iter()
        .filter(|one| one.path().is_ident("option"))
    {
        errors.keep(attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                name = meta.value()?.parse::<LitStr>()?.value();
            } else if meta.path.is_ident("default") {
                default = Some(DefaultValue::of(&meta.value()?.parse()?)?);
            } else if meta.path.is_ident("flatten") {
                is_flattened = true;
            } else if !constraint.parse(&meta)? {
                return Err(meta.error(
                    "expected one of `default`, `min`, `max`, `above`, `below`, `one_of`, `name`, \
                    `flatten`",
                ));
            }
            Ok(())
        }));
    }
    if is_flattened {
        errors.end()?;
        return Ok(Row::Flattened {
            ident,
            read: field.ty.clone(),
        });
    }
    let text = text(&docs(&field.attrs));
    if text.is_empty() {
        errors.at(
            &ident,
            format!("option `{name}` needs a `///` line: what it means, its unit or shape"),
        );
    }
    if default.is_some() && is_option(&field.ty) {
        errors.at(
            &field.ty,
            "an option with a default is never `None`: write the type itself, or `Given<…>` where \
            it matters whether a script gave it",
        );
    }
    errors.end()?;
    Ok(Row::Key {
        ident,
        read: field.ty.clone(),
        name,
        text,
        constraint,
        default,
    })
}

impl Row {
    /// The statement that adds it to the table.
    fn listed(&self) -> Tokens {
        let convert = convert();
        match self {
            Row::Flattened { read, .. } => quote! {
                table.extend_from_slice(<#read as #convert::FromOptions>::table());
            },
            Row::Key {
                read,
                name,
                text,
                constraint,
                default,
                ..
            } => {
                let default = match default {
                    Some(default) => default.text.clone(),
                    None => quote!(""),
                };
                quote! {
                    table.push(#convert::Opt {
                        name: #name,
                        kind: <#read as #convert::FromValue>::option_kind(&#constraint),
                        default: #default,
                        text: #text,
                    });
                }
            }
        }
    }

    /// The initialiser of the field.
    fn read(&self) -> Tokens {
        let convert = convert();
        match self {
            Row::Flattened { ident, read } => quote! {
                #ident: <#read as #convert::FromOptions>::from_options(options)?,
            },
            Row::Key {
                ident,
                read,
                name,
                constraint,
                default,
                ..
            } => {
                let value = match default {
                    Some(DefaultValue { value, .. }) => {
                        quote!(#convert::option_or::<#read>(options, #name, || #value)?)
                    }
                    None => quote!(#convert::option::<#read>(options, #name)?),
                };
                let value = if constraint.is_empty() {
                    value
                } else {
                    quote!(#convert::constrained_option(options, #name, #value, &#constraint)?)
                };
                quote!(#ident: #value,)
            }
        }
    }
}

/// What the derive expands to.
pub fn expand(item: Tokens) -> Result<Tokens> {
    let input: DeriveInput = syn::parse2(item)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "options are a struct"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(
            &input.ident,
            "the fields of options have names",
        ));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &input.generics,
            "options have no generic parameters",
        ));
    }
    let mut errors = Errors::default();
    let rows: Vec<Row> = fields
        .named
        .iter()
        .filter_map(|field| errors.keep(row(field)))
        .collect();
    errors.end()?;
    let convert = convert();
    let ident = &input.ident;
    let listed = rows.iter().map(Row::listed);
    let read = rows.iter().map(Row::read);
    Ok(quote! {
        impl #convert::FromOptions for #ident {
            fn table() -> &'static [#convert::Opt] {
                static TABLE: ::std::sync::LazyLock<::std::vec::Vec<#convert::Opt>> =
                    ::std::sync::LazyLock::new(|| {
                        let mut table = ::std::vec::Vec::new();
                        #(#listed)*
                        table
                    });
                &TABLE
            }

            fn from_options(
                options: &#convert::Options,
            ) -> #convert::Result<Self> {
                ::core::result::Result::Ok(Self { #(#read)* })
            }
        }
    })
}
