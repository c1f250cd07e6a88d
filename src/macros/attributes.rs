//! Documentation, constraints and defaults, which the attributes share.

use super::convert;
use proc_macro2::TokenStream as Tokens;
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, ExprUnary, Ident, Lit, Meta, Result, UnOp};

/// The `///` lines of an item, as rustc passes them: each with its leading space.
pub fn docs(attributes: &[Attribute]) -> Vec<String> {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(line).collect()
}

/// Documentation lines without their leading spaces, as one text.
pub fn text(docs: &[String]) -> String {
    let lines: Vec<&str> = docs.iter().map(|line| line.trim()).collect();
    lines.join(" ").trim().to_string()
}

/// The name of a Rust identifier as scripts write it.
pub fn script_name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_string)
}

/// The values that a parameter or an option accepts beside its type.
#[derive(Default)]
pub struct Constraint {
    bounds: [Option<Expr>; 4],
    one_of: Option<Expr>,
}

const BOUNDS: [&str; 4] = ["min", "max", "above", "below"];

impl Constraint {
    /// Reads one argument of an attribute; false where it is not part of a constraint.
    pub fn parse(&mut self, meta: &ParseNestedMeta) -> Result<bool> {
        if meta.path.is_ident("one_of") {
            self.one_of = Some(meta.value()?.parse()?);
            return Ok(true);
        }
        let Some(i) = BOUNDS.iter().position(|name| meta.path.is_ident(name)) else {
            return Ok(false);
        };
        if self.bounds[i ^ 2].is_some() {
            return Err(meta.error(format!("`{}` excludes `{}`", BOUNDS[i], BOUNDS[i ^ 2])));
        }
        self.bounds[i] = Some(meta.value()?.parse()?);
        Ok(true)
    }

    /// Whether every value is accepted.
    pub fn is_empty(&self) -> bool {
        self.one_of.is_none() && self.bounds.iter().all(Option::is_none)
    }
}

impl ToTokens for Constraint {
    fn to_tokens(&self, tokens: &mut Tokens) {
        let convert = convert();
        let fields = BOUNDS.iter().zip(&self.bounds).filter_map(|(name, bound)| {
            let name = Ident::new(name, proc_macro2::Span::call_site());
            bound
                .as_ref()
                .map(|bound| quote!(#name: ::core::option::Option::Some((#bound) as f64),))
        });
        let one_of = self.one_of.as_ref().map(|words| match words {
            Expr::Array(words) => quote!(one_of: &#words,),
            words => quote!(one_of: #words,),
        });
        tokens.extend(quote! {
            #convert::Constraint {
                #(#fields)*
                #one_of
                ..#convert::Constraint::ANY
            }
        });
    }
}

/// A default value: as a script writes it, and as an expression of type `Dynamic`.
pub struct Default {
    /// An expression of type `&'static str`.
    pub text: Tokens,
    /// An expression of type `Dynamic`.
    pub value: Tokens,
}

impl Default {
    /// The default that an expression states.
    pub fn of(expression: &Expr) -> Result<Default> {
        let convert = convert();
        let value = value(expression)?;
        let text = match literal(expression) {
            Some(text) => quote!(#text),
            None => quote!(#convert::literal(&#value)),
        };
        Ok(Default { text, value })
    }
}

/// A literal, or an array of them, as a script writes it.
fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(number) => Some(number.base10_digits().to_string()),
            Lit::Float(number) => Some(number.to_string()),
            Lit::Bool(flag) => Some(flag.value.to_string()),
            Lit::Str(text) => Some(format!("{:?}", text.value())),
            _ => None,
        },
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => literal(expr).map(|text| format!("-{text}")),
        Expr::Array(array) => {
            let items: Option<Vec<String>> = array.elems.iter().map(literal).collect();
            items.map(|items| format!("[{}]", items.join(", ")))
        }
        _ => None,
    }
}

/// An expression of type `Dynamic`.
fn value(expression: &Expr) -> Result<Tokens> {
    let convert = convert();
    let into = quote!(#convert::IntoValue::into_value);
    Ok(match expression {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(number) if number.suffix().is_empty() => quote!(#into(#number as i64)),
            Lit::Float(number) if number.suffix().is_empty() => quote!(#into(#number as f64)),
            Lit::Bool(_) => quote!(#into(#lit)),
            Lit::Str(_) => quote!(#into(::std::string::String::from(#lit))),
            _ => {
                return Err(Error::new(
                    lit.span(),
                    "a default is a number, a boolean, a string, an array of them or a constant",
                ));
            }
        },
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) if matches!(**expr, Expr::Lit(_)) => match &**expr {
            Expr::Lit(ExprLit {
                lit: Lit::Int(_), ..
            }) => quote!(#into(-(#expr as i64))),
            _ => quote!(#into(-(#expr as f64))),
        },
        Expr::Array(array) => {
            let items = array.elems.iter().map(value).collect::<Result<Vec<_>>>()?;
            quote!(#into(#convert::Array::from([#(#items),*])))
        }
        other => quote!(#into(#other)),
    })
}

/// Several errors as one.
#[derive(Default)]
pub struct Errors(Option<Error>);

impl Errors {
    /// Adds an error.
    pub fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Adds an error at a place in the source.
    pub fn at(&mut self, place: impl Spanned, message: impl std::fmt::Display) {
        self.push(Error::new(place.span(), message));
    }

    /// The value, or else its error.
    pub fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Fails where there was an error.
    pub fn end(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
