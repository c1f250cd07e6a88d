//! Markdown as HTML: highlighted code, and names of functions as links to their documentation.

use crate::base::html::escaped;
use crate::lang::highlight::{self, Kind};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::collections::HashMap;

/// Pages by the names that they document.
#[derive(Default)]
pub struct Links(HashMap<String, String>);

impl Links {
    /// A name and its page.
    pub fn add(&mut self, name: &str, page: String) {
        self.0.entry(name.to_string()).or_insert(page);
    }

    fn of(&self, text: &str) -> Option<&String> {
        // the name alone, or as a call with arguments
        self.0.get(text).or_else(|| {
            self.0.get(
                text.split_once('(')
                    .filter(|(name, _)| name.contains("::"))?
                    .0,
            )
        })
    }
}

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

/// The anchor of a heading.
fn anchor(title: &str) -> String {
    let plain: String = title
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    plain
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// A highlighted script; `space::name` links to its page.
fn script(code: &str, links: &Links) -> String {
    let spans = highlight::spans(code);
    let mut html = String::new();
    let mut i = 0;
    while i < spans.len() {
        let (kind, text) = spans[i];
        let called = spans
            .get(i + 1)
            .filter(|_| kind == Kind::Space)
            .map(|(_, name)| (format!("{text}{name}"), *name));
        if let Some((whole, name)) = called
            && let Some(page) = links.of(&whole)
        {
            html += &format!(
                "<a href=\"{}\">{}{}</a>",
                escaped(page),
                highlight::marked(Kind::Space, text),
                highlight::marked(Kind::Call, name)
            );
            i += 2;
            continue;
        }
        html += &highlight::marked(kind, text);
        i += 1;
    }
    html
}

/// A text as HTML; headings can be linked to.
pub fn html(text: &str, links: &Links) -> String {
    rendered(text, links, true)
}

/// The documentation of an entry as HTML: its headings are the same in all entries.
pub fn entry_html(text: &str, links: &Links) -> String {
    rendered(text, links, false)
}

fn rendered(text: &str, links: &Links, has_anchors: bool) -> String {
    let mut events = Vec::new();
    let mut code: Option<(String, String)> = None;
    let mut heading: Option<(String, Vec<Event>)> = None;
    for event in parser(text) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = if let CodeBlockKind::Fenced(language) = kind {
                    language.to_string()
                } else {
                    String::new()
                };
                code = Some((language, String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((language, text)) = code.take() {
                    let class = if language.ends_with("fails") {
                        " class=\"fails\""
                    } else {
                        ""
                    };
                    let body = if language.starts_with("rhai") {
                        script(&text, links)
                    } else {
                        escaped(&text)
                    };
                    // wide blocks scroll, and must be reachable by keyboard
                    events.push(Event::Html(
                        format!("<pre{class} tabindex=\"0\">{}</pre>", body.trim_end()).into(),
                    ));
                }
            }
            Event::Text(part) if code.is_some() => {
                code.iter_mut().for_each(|(_, text)| text.push_str(&part))
            }
            Event::Start(Tag::Heading { .. }) => heading = Some((String::new(), Vec::new())),
            Event::End(TagEnd::Heading(level)) => {
                if let Some((title, inside)) = heading.take() {
                    let id = anchor(&title);
                    let mut body = String::new();
                    pulldown_cmark::html::push_html(&mut body, inside.into_iter());
                    if !has_anchors {
                        events.push(Event::Html(format!("<h3>{body}</h3>").into()));
                        continue;
                    }
                    events.push(Event::Html(
                        format!(
                            "<{level} id=\"{id}\">{body}<a class=\"here\" href=\"#{id}\" \
                            aria-label=\"link to {id}\">#</a></{level}>"
                        )
                        .into(),
                    ));
                }
            }
            Event::Code(name) => {
                let code_html = format!("<code>{}</code>", escaped(&name));
                let linked = links.of(&name).map_or(code_html.clone(), |page| {
                    format!("<a href=\"{}\">{code_html}</a>", escaped(page))
                });
                match &mut heading {
                    Some((title, inside)) => {
                        title.push_str(&name);
                        inside.push(Event::InlineHtml(code_html.into()));
                    }
                    None => events.push(Event::InlineHtml(linked.into())),
                }
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                // `(std/layers/fm)` is a page of the reference
                let page = links.of(&dest_url).cloned().map_or(dest_url, Into::into);
                events.push(Event::Start(Tag::Link {
                    link_type,
                    dest_url: page,
                    title,
                    id,
                }));
            }
            Event::Start(Tag::Table(alignment)) => events.extend([
                Event::Html("<div class=\"wide\">".into()),
                Event::Start(Tag::Table(alignment)),
            ]),
            Event::End(TagEnd::Table) => {
                events.extend([Event::End(TagEnd::Table), Event::Html("</div>".into())])
            }
            other => match &mut heading {
                Some((title, inside)) => {
                    if let Event::Text(part) = &other {
                        title.push_str(part);
                    }
                    inside.push(other);
                }
                None => events.push(other),
            },
        }
    }
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events.into_iter());
    out
}

/// The sections of a text: title, anchor, words without code.
pub fn sections(text: &str) -> Vec<(String, String, String)> {
    let mut out: Vec<(String, String, String)> = Vec::new();
    let (mut in_heading, mut in_code) = (false, false);
    for event in parser(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                in_heading = true;
                out.push(Default::default());
            }
            Event::End(TagEnd::Heading(_)) => in_heading = false,
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(part) | Event::Code(part) if !in_code => {
                if let Some((title, _, words)) = out.last_mut() {
                    if in_heading {
                        title.push_str(&part);
                    } else {
                        words.push_str(&part);
                        words.push(' ');
                    }
                }
            }
            _ => {}
        }
    }
    for (title, id, words) in &mut out {
        *id = anchor(title);
        *words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_coloured_and_names_are_links() {
        let mut links = Links::default();
        links.add("nn::conv1d", "reference-nn.html#nn::conv1d".into());
        let page = html(
            "# A `b`\n\nSee `nn::conv1d(8, 3)`, not `x < y`.\n\n```rhai,fails\nnn::conv1d(1); // \
            \"no\"\n```\n\n| a |\n|---|\n| 1 |\n",
            &links,
        );
        assert!(
            page.contains("<h1 id=\"a-b\">") && page.contains("<code>x &lt; y</code>"),
            "{page}"
        );
        assert_eq!(
            page.matches("href=\"reference-nn.html#nn::conv1d\"")
                .count(),
            2,
            "{page}"
        );
        assert!(
            page.contains("<pre class=\"fails\"")
                && page.contains("<span class=\"c\">// &quot;no&quot;</span>")
                && page.contains("<div class=\"wide\"><table>"),
            "{page}"
        );
        let found = sections("# One\nwords `code`\n```\nnot this\n```\n## Two, too\nmore");
        assert_eq!(found[0], ("One".into(), "one".into(), "words code".into()));
        assert_eq!(found[1].1, "two-too");
    }
}
