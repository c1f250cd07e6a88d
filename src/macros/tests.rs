//! What the attributes accept, and the compile errors of what they do not.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Result;

/// The messages of the compile errors of an expansion.
fn errors(expanded: Result<TokenStream>) -> Vec<String> {
    match expanded {
        Ok(_) => Vec::new(),
        Err(error) => error.into_iter().map(|one| one.to_string()).collect(),
    }
}

fn native(arguments: TokenStream, item: TokenStream) -> Vec<String> {
    errors(crate::native::expand(arguments, item))
}

#[test]
fn a_parameter_without_documentation_is_an_error() {
    let messages = native(
        quote!(namespace = "nn"),
        quote!(
            fn conv1d(
                filters: i64,
                /// Kernel width.
                width: i64,
                other: bool,
                options: ConvOptions,
            ) -> Layer {
            }
        ),
    );
    assert_eq!(
        messages,
        [
            "parameter `filters` needs a `///` line: what it means, its unit or shape",
            "parameter `other` needs a `///` line: what it means, its unit or shape",
        ]
    );
}

#[test]
fn receivers_operands_and_the_call_need_no_documentation() {
    for (arguments, item) in [
        (
            quote!(namespace = "model", form = property),
            quote!(
                fn name(model: &Model) -> String {}
            ),
        ),
        (
            quote!(namespace = "tensor", form = operator, name = "+"),
            quote!(
                fn add(a: Operand, b: Operand) -> Tensor {}
            ),
        ),
        (
            quote!(namespace = "", form = function),
            quote!(
                fn warn(call: &lang::Call) {}
            ),
        ),
    ] {
        assert_eq!(native(arguments, item), [""; 0]);
    }
}

#[test]
fn arguments_of_the_attribute_that_mean_nothing_are_errors() {
    let item = quote!(
        fn f() {}
    );
    assert_eq!(
        native(quote!(), item.clone()),
        ["`namespace = \"…\"` is missing: the script namespace, or the type of a method"]
    );
    assert_eq!(
        native(quote!(namespace = "a", kind = method), item.clone()),
        ["expected one of `namespace`, `name`, `form`, `returns`, `dry`, `stand_in`"]
    );
    assert_eq!(
        native(quote!(namespace = "a", form = getter), item.clone()),
        ["a form is one of function, method, property, setter, index, set_index, operator"]
    );
    assert_eq!(
        native(quote!(namespace = "a", form = method), item),
        ["the first parameter must be the receiver"]
    );
    let generic = quote!(
        fn f<T>() {}
    );
    assert_eq!(
        native(quote!(namespace = "a"), generic),
        ["a native function has no generic parameters"]
    );
    let contradictory = quote!(
        fn f(
            /// A number.
            #[check(min = 0, above = 0)]
            x: f64,
        ) {
        }
    );
    assert_eq!(
        native(quote!(namespace = "a"), contradictory),
        ["`above` excludes `min`"]
    );
}

#[test]
fn the_function_loses_what_is_only_meant_for_the_attribute() {
    let expanded = crate::native::expand(
        quote!(namespace = "a"),
        quote!(
            /// Does it.
            pub fn f(
                /// A number.
                #[check(min = 1)]
                #[default(2)]
                x: i64,
            ) {
            }
        ),
    );
    let text = expanded.map_or_else(|error| error.to_string(), |tokens| tokens.to_string());
    let dense: String = text.split_whitespace().collect();
    assert!(dense.contains("pubfnf(x:i64,){}"), "{text}");
    assert!(dense.contains("pub(crate)fnf_native()"), "{text}");
}

#[test]
fn options_are_documented_and_have_one_meaning() {
    let of = |item| errors(crate::options::expand(item));
    assert_eq!(
        of(quote!(
            struct Options {
                #[option(default = 1)]
                stride: i64,
                /// Seed.
                #[option(default = 1)]
                seed: Option<i64>,
                /// Width.
                #[option(least = 1)]
                width: i64,
            }
        )),
        [
            "option `stride` needs a `///` line: what it means, its unit or shape",
            "an option with a default is never `None`: write the type itself, or `Given<…>` where \
            it matters whether a script gave it",
            "expected one of `default`, `min`, `max`, `above`, `below`, `one_of`, `name`, \
            `flatten`",
        ]
    );
    assert_eq!(
        of(quote!(
            enum Options {}
        )),
        ["options are a struct"]
    );
    assert_eq!(
        of(quote!(
            struct Options(i64);
        )),
        ["the fields of options have names"]
    );
}

#[test]
fn a_choice_is_an_enum_of_distinct_words() {
    let of = |item| errors(crate::choice::expand(item));
    assert_eq!(
        of(quote!(
            enum Mode {
                Min,
                Max(f64),
            }
        )),
        ["the variants of a choice have no fields"]
    );
    assert_eq!(
        of(quote!(
            enum Mode {
                Min,
                #[choice(name = "min")]
                Least,
            }
        )),
        ["two variants are named \"min\""]
    );
    assert_eq!(
        of(quote!(
            enum Mode {}
        )),
        ["a choice has variants"]
    );
}
