//! `#[native]`: a function as a native function of the script language.

use super::attributes::{Constraint, Default as DefaultValue, Errors, docs, script_name};
use super::convert;
use proc_macro2::{Span, TokenStream as Tokens};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Expr, FnArg, Ident, ItemFn, LitStr, Pat, PatType, Path, Result, ReturnType,
    Token, Type, meta,
};

/// The forms of a native function, and how many parameters at the front need no documentation:
/// receivers, and the operands of operators.
const FORMS: [(&str, &str, usize); 7] = [
    ("function", "Function", 0),
    ("method", "Method", 1),
    ("property", "Property", 1),
    ("setter", "Setter", 1),
    ("index", "Index", 1),
    ("set_index", "SetIndex", 1),
    ("operator", "Operator", 2),
];

/// The arguments of the attribute.
struct Arguments {
    namespace: LitStr,
    name: Option<String>,
    form: (&'static str, &'static str, usize),
    returns: Option<LitStr>,
    dry: Option<Path>,
    stand_in: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream) -> Result<Self> {
        let (mut namespace, mut name, mut form) = (None, None, FORMS[0]);
        let (mut returns, mut dry, mut stand_in) = (None, None, None);
        let parser = meta::parser(|meta| {
            if meta.path.is_ident("namespace") {
                namespace = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("name") {
                name = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("form") {
                let word: Ident = meta.value()?.parse()?;
                form = *FORMS
                    .iter()
                    .find(|(form, ..)| word == form)
                    .ok_or_else(|| {
                        let forms: Vec<&str> = FORMS.iter().map(|(form, ..)| *form).collect();
                        Error::new(
                            word.span(),
                            format!("a form is one of {}", forms.join(", ")),
                        )
                    })?;
            } else if meta.path.is_ident("returns") {
                returns = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("dry") {
                dry = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("stand_in") {
                stand_in = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error(
                    "expected one of `namespace`, `name`, `form`, `returns`, `dry`, `stand_in`",
                ));
            }
            Ok(())
        });
        let tokens: Tokens = input.parse()?;
        parser.parse2(tokens)?;
        let missing = || {
            Error::new(
                Span::call_site(),
                "`namespace = \"…\"` is missing: the script namespace, or the type of a method",
            )
        };
        Ok(Arguments {
            namespace: namespace.ok_or_else(missing)?,
            name,
            form,
            returns,
            dry,
            stand_in,
        })
    }
}

/// A parameter that scripts pass.
struct Param {
    name: String,
    /// The type that is read from the script's value.
    read: Tokens,
    /// Whether the function borrows it.
    is_borrowed: bool,
    docs: Vec<String>,
    constraint: Constraint,
    default: Option<DefaultValue>,
}

/// The type that is read for a parameter of a type, and whether the function borrows it.
fn read_type(declared: &Type) -> (Tokens, bool) {
    let Type::Reference(reference) = declared else {
        return (declared.to_token_stream(), false);
    };
    let read = match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => quote!(::std::string::String),
        Type::Slice(slice) => {
            let item = &slice.elem;
            quote!(::std::vec::Vec<#item>)
        }
        other => other.to_token_stream(),
    };
    (read, true)
}

/// Whether a parameter is the call itself: `&Call`.
fn is_call(declared: &Type) -> bool {
    matches!(declared, Type::Reference(reference)
        if matches!(&*reference.elem, Type::Path(path)
            if path.path.segments.last().is_some_and(|last| last.ident == "Call")))
}

fn is_own(attribute: &Attribute) -> bool {
    let path = attribute.path();
    path.is_ident("doc") || path.is_ident("check") || path.is_ident("default")
}

/// The function without what rustc does not accept on parameters.
pub fn stripped(item: Tokens) -> Tokens {
    match syn::parse2::<ItemFn>(item.clone()) {
        Ok(mut function) => {
            strip(&mut function);
            function.into_token_stream()
        }
        Err(_) => item,
    }
}

fn strip(function: &mut ItemFn) {
    for input in &mut function.sig.inputs {
        if let FnArg::Typed(input) = input {
            input.attrs.retain(|attribute| !is_own(attribute));
        }
    }
}

fn name_of(input: &PatType) -> Result<String> {
    match &*input.pat {
        Pat::Ident(pattern) => Ok(script_name(&pattern.ident)),
        other => Err(Error::new_spanned(
            other,
            "a parameter of a native function needs a name, which errors and help show",
        )),
    }
}

fn param(input: &PatType, needs_docs: bool) -> Result<Param> {
    let mut errors = Errors::default();
    let name = name_of(input)?;
    let (read, is_borrowed) = read_type(&input.ty);
    let docs = docs(&input.attrs);
    if needs_docs && docs.iter().all(|line| line.trim().is_empty()) {
        errors.at(
            &input.pat,
            format!("parameter `{name}` needs a `///` line: what it means, its unit or shape"),
        );
    }
    let (mut constraint, mut default) = (Constraint::default(), None);
    for attribute in &input.attrs {
        if attribute.path().is_ident("check") {
            errors.keep(
                attribute.parse_nested_meta(|meta| match constraint.parse(&meta)? {
                    true => Ok(()),
                    false => {
                        Err(meta.error("expected one of `min`, `max`, `above`, `below`, `one_of`"))
                    }
                }),
            );
        } else if attribute.path().is_ident("default") {
            let value = attribute
                .parse_args::<Expr>()
                .and_then(|value| DefaultValue::of(&value));
            default = errors.keep(value);
        }
    }
    errors.end()?;
    Ok(Param {
        name,
        read,
        is_borrowed,
        docs,
        constraint,
        default,
    })
}

impl Param {
    /// The description for the catalog.
    fn described(&self) -> Tokens {
        let convert = convert();
        let Param {
            name, read, docs, ..
        } = self;
        let constraint = if self.constraint.is_empty() {
            quote!(#convert::Constraint::ANY)
        } else {
            self.constraint.to_token_stream()
        };
        let (optional, default) = match &self.default {
            Some(DefaultValue { text, .. }) => (quote!(true), text.clone()),
            None => (
                quote!(<#read as #convert::FromValue>::missing().is_some()),
                quote!(""),
            ),
        };
        quote! {
            #convert::Param {
                name: #name,
                kind: <#read as #convert::FromValue>::kind,
                optional: #optional,
                receiver: <#read as #convert::FromValue>::receiver,
                docs: &[#(#docs),*],
                constraint: #constraint,
                default: #default,
            }
        }
    }

    /// The statement that reads the argument at an index.
    fn read(&self, index: usize, variable: &Ident) -> Tokens {
        let convert = convert();
        let read = &self.read;
        let value = match &self.default {
            Some(DefaultValue { value, .. }) => {
                quote!(#convert::argument_or::<#read>(__call, __arguments, #index, || #value)?)
            }
            None => quote!(#convert::argument::<#read>(__call, __arguments, #index)?),
        };
        let checked = (!self.constraint.is_empty()).then(|| {
            quote! {
                let #variable =
                    #convert::constrained(__call, __arguments, #index, #variable)?;
            }
        });
        quote!(let #variable = #value; #checked)
    }
}

/// The parameters of a function: whether it takes the call, its parameters, its options.
struct Inputs {
    takes_call: bool,
    params: Vec<Param>,
    /// The type of the options, and whether the function borrows them.
    options: Option<(Tokens, bool)>,
}

fn inputs(function: &ItemFn, undocumented: usize) -> Result<Inputs> {
    let mut errors = Errors::default();
    let mut out = Inputs {
        takes_call: false,
        params: Vec::new(),
        options: None,
    };
    let last = function.sig.inputs.len().saturating_sub(1);
    for (i, input) in function.sig.inputs.iter().enumerate() {
        let FnArg::Typed(input) = input else {
            errors.at(
                input,
                "a native function is a plain function; its receiver is a parameter such as \
                `model: Model`",
            );
            continue;
        };
        if i == 0 && is_call(&input.ty) {
            out.takes_call = true;
        } else if i == last && name_of(input).is_ok_and(|name| name == "options") {
            out.options = Some(read_type(&input.ty));
        } else {
            let needs_docs = out.params.len() >= undocumented;
            out.params.extend(errors.keep(param(input, needs_docs)));
        }
    }
    errors.end()?;
    Ok(out)
}

/// What the attribute expands to.
pub fn expand(arguments: Tokens, item: Tokens) -> Result<Tokens> {
    let arguments: Arguments = syn::parse2(arguments)?;
    let mut function: ItemFn = syn::parse2(item)?;
    let signature = &function.sig;
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a native function has no generic parameters",
        ));
    }
    if let Some(word) = &signature.asyncness {
        return Err(Error::new_spanned(word, "a native function is not async"));
    }
    let convert = convert();
    let (_, form, undocumented) = arguments.form;
    let Inputs {
        takes_call,
        params,
        options,
    } = inputs(&function, undocumented)?;
    if undocumented > 0 && params.is_empty() {
        return Err(Error::new_spanned(
            &signature.ident,
            "the first parameter must be the receiver",
        ));
    }

    let variables: Vec<Ident> = (0..params.len())
        .map(|i| format_ident!("__argument_{i}"))
        .collect();
    let described = params.iter().map(Param::described);
    let mut reads: Vec<Tokens> = params
        .iter()
        .zip(&variables)
        .enumerate()
        .map(|(i, (param, variable))| param.read(i, variable))
        .collect();
    let mut passed: Vec<Tokens> = takes_call.then(|| quote!(__call)).into_iter().collect();
    passed.extend(params.iter().zip(&variables).map(|(param, variable)| {
        if param.is_borrowed {
            quote!(&#variable)
        } else {
            quote!(#variable)
        }
    }));
    let table = match &options {
        Some((read, is_borrowed)) => {
            let index = params.len();
            reads.push(quote! {
                let __options =
                    #convert::options_of::<#read>(__call, __arguments, #index)?;
            });
            passed.push(if *is_borrowed {
                quote!(&__options)
            } else {
                quote!(__options)
            });
            quote!(::core::option::Option::Some(<#read as #convert::FromOptions>::table()))
        }
        None => quote!(::core::option::Option::None),
    };

    let ident = &function.sig.ident;
    let name = arguments.name.unwrap_or_else(|| script_name(ident));
    let returned = match &function.sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, returned) => returned.to_token_stream(),
    };
    let kind = quote!(<#returned as #convert::Outcome>::type_name());
    let returns = match arguments.returns {
        Some(words) => quote!(#words.to_string()),
        None => kind.clone(),
    };
    let outcome = |function: Tokens| {
        quote! {
            #convert::Outcome::into_outcome({
                #(#reads)*
                #function(#(#passed),*)
            })
        }
    };
    let mut body = outcome(quote!(#ident));
    if let Some(stand_in) = &arguments.stand_in {
        let real = outcome(quote!(#ident));
        let instead = outcome(quote!(#stand_in));
        body = quote! {
            match #real {
                ::core::result::Result::Err(fault) if #convert::stands_in(&fault) => #instead,
                outcome => outcome,
            }
        };
    }
    if let Some(dry) = &arguments.dry {
        let rehearsed = outcome(quote!(#dry));
        body = quote! {
            if #convert::abridges() {
                return #rehearsed;
            }
            #body
        };
    }
    let described_by = described_by(ident);
    let namespace = arguments.namespace;
    let form = Ident::new(form, Span::call_site());
    let docs = docs(&function.attrs);
    let summary = format!("The catalog's description of [`{ident}`].");
    let native = quote! {
        fn __run(
            __call: &#convert::Call,
            __arguments: &mut [&mut #convert::Dynamic],
        ) -> #convert::Result<#convert::Dynamic> {
            #body
        }
        #convert::Native {
            namespace: #namespace,
            name: #name,
            form: #convert::Form::#form,
            docs: &[#(#docs),*],
            params: ::std::vec![#(#described),*],
            options: #table,
            returns: #returns,
            return_type: #kind,
            run: __run,
        }
    };
    // rustc reports dead code only where it counts as the user's: a function that no list names
    let description = quote_spanned! {ident.span()=>
        #[doc = #summary]
        pub(crate) fn #described_by() -> #convert::Native { #native }
    };
    strip(&mut function);
    Ok(quote!(#function #description))
}

/// The name of the function that describes a native function.
fn described_by(ident: &Ident) -> Ident {
    Ident::new(&format!("{}_native", script_name(ident)), ident.span())
}

/// What `natives_of!` expands to.
pub fn list(paths: Tokens) -> Result<Tokens> {
    let paths = Punctuated::<Path, Token![,]>::parse_terminated.parse2(paths)?;
    let calls = paths.into_iter().map(|mut path| {
        if let Some(last) = path.segments.last_mut() {
            last.ident = described_by(&last.ident);
        }
        quote!(#path())
    });
    Ok(quote!(::std::vec![#(#calls),*]))
}
