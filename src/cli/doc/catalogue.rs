//! What programs read of the documentation: all functions as JSON, and an index of the pages as
//! Markdown.

use super::names::{Chapter, anchored, file_of, names_in, title_of};
use crate::lang::catalog::{Catalog, Entry};
use crate::lang::native::Form;
use serde_json::{Value, json};
use std::fmt::Write;

/// The word for a form of calls.
fn form(form: Form) -> &'static str {
    match form {
        Form::Function => "function",
        Form::Method => "method",
        Form::Property => "property",
        Form::Setter => "setter",
        Form::Index => "index",
        Form::SetIndex => "set index",
        Form::Operator => "operator",
    }
}

fn entry(entry: &Entry) -> Value {
    let receiver = usize::from(entry.form == Form::Method);
    let parameters = entry.params.iter().skip(receiver).map(|param| {
        json!({
            "name": param.name,
            "takes": if param.takes.is_empty() { &param.kind } else { &param.takes },
            "optional": param.is_optional,
            "default": param.default,
            "text": param.docs,
        })
    });
    let options = entry.options.unwrap_or_default().iter().map(|option| {
        json!({
            "name": option.name,
            "takes": option.takes(),
            "default": option.default,
            "text": option.text,
        })
    });
    json!({
        "name": entry.qualified(),
        "namespace": entry.namespace,
        "form": form(entry.form),
        "signature": entry.signature(),
        "summary": entry.summary(),
        "parameters": parameters.collect::<Vec<_>>(),
        "options": options.collect::<Vec<_>>(),
        "returns": entry.returns,
        "is_script": entry.is_script,
        "docs": entry.docs,
        "page": anchored(entry),
    })
}

/// All functions, methods and properties with their documentation.
pub fn json(catalog: &Catalog) -> Value {
    json!({
        "program": "cistron",
        "version": env!("CARGO_PKG_VERSION"),
        "entries": catalog.entries.iter().map(entry).collect::<Vec<_>>(),
    })
}

/// The pages with a line about each, as <https://llmstxt.org> has it.
pub fn llms(chapters: &[Chapter], catalog: &Catalog, spaces: &[&str]) -> String {
    let mut text = String::from(
        "# cistron\n\n> A scripting runtime for genomic deep learning: the Rhai language with \
         tensors of libtorch, sequences, layers, training, attributions and motifs.\n\n\
         Scripts are Rhai (`let`, `fn`, closures `|x| x + 1`, maps `#{ a: 1 }`). Options are a map \
         as the last argument: `nn::conv1d(64, 15, #{ padding: \"same\" })`. Unknown names and \
         options are errors; `cistron check FILE` finds them without running the script.\n\n\
         - [catalog.json](catalog.json): every function, method and property with its signature, \
         parameters, options and documentation\n\n## Guide\n\n",
    );
    // writing to a string cannot fail
    for chapter in chapters {
        let _ = writeln!(text, "- [{}](guide-{}.md)", chapter.title, chapter.name);
    }
    text += "\n## Reference\n\n";
    for space in spaces {
        let names = names_in(catalog, space);
        let (title, file) = (title_of(space), file_of(space));
        let _ = writeln!(text, "- [{title}]({file}): {}", names.join(", "));
    }
    text
}
