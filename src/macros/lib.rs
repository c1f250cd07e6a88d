//! The attributes that declare native functions and their options: [`macro@native`],
//! [`natives_of!`], `#[derive(Options)]` and `#[derive(Choice)]`.
//!
//! `docs/dev/bindings.md` is the guide to them.

mod attributes;
mod choice;
mod native;
mod options;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;

/// The path of the module that the generated code names: the only such path. It resolves in
/// programs that embed cistron, and in cistron, which declares itself as `cistron`.
fn convert() -> Tokens {
    quote!(::cistron::convert)
}

/// The generated code, or the compile errors in its place.
fn emitted(result: syn::Result<Tokens>) -> TokenStream {
    result
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}

/// Declares a function as a native function of the script language.
///
/// The function stays as it is; beside it a function `NAME_native` describes it for the catalog.
/// [`natives_of!`] lists those of a file.
#[proc_macro_attribute]
pub fn native(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let original = Tokens::from(item.clone());
    match native::expand(arguments.into(), item.into()) {
        Ok(tokens) => tokens.into(),
        // the function itself is kept, so that its callers compile
        Err(error) => {
            let error = error.into_compile_error();
            let kept = native::stripped(original);
            quote!(#kept #error).into()
        }
    }
}

/// The [`native`](macro@native) functions of the given paths, as a `Vec<Native>`.
#[proc_macro]
pub fn natives_of(paths: TokenStream) -> TokenStream {
    emitted(native::list(paths.into()))
}

/// Makes a struct the options of native functions: each field is a key of the trailing map.
#[proc_macro_derive(Options, attributes(option))]
pub fn options(item: TokenStream) -> TokenStream {
    emitted(options::expand(item.into()))
}

/// Makes an enum of unit variants a value that scripts write as a string.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn choice(item: TokenStream) -> TokenStream {
    emitted(choice::expand(item.into()))
}
