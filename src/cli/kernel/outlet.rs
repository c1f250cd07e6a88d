//! What a cell's code says and shows, on its way to the notebook.

use super::wire::Outbox;
use crate::base::say::Note;
use crate::bind::printing;
use crate::lang::session::Shown;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use jupyter_protocol::{DisplayData, JupyterMessage, Media, MediaType, StreamContent};
use rhai::Dynamic;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The outputs of the request that is being answered.
pub struct Outlet {
    /// What sends.
    pub outbox: Outbox,
    /// The request.
    pub parent: RefCell<Option<Rc<JupyterMessage>>>,
    /// How many letters a line that the next one replaces has now.
    passing: Cell<usize>,
}

impl Outlet {
    /// One without a request.
    pub fn new(outbox: Outbox) -> Rc<Outlet> {
        Rc::new(Outlet {
            outbox,
            parent: RefCell::new(None),
            passing: Cell::new(0),
        })
    }

    fn stream(&self, content: StreamContent) {
        if let Some(parent) = self.parent.borrow().as_deref() {
            self.outbox.publish(content.as_child_of(parent));
        }
    }

    /// Ends a line that would have been replaced.
    pub fn settle(&self) {
        if self.passing.replace(0) > 0 {
            self.stream(StreamContent::stderr("\n"));
        }
    }

    /// A line of standard output.
    pub fn print(&self, line: &str) {
        self.settle();
        self.stream(StreamContent::stdout(&format!("{line}\n")));
    }

    /// Something that a person should know.
    pub fn note(&self, note: Note) {
        let (text, end) = match note {
            Note::Line(text) => (text, "\n"),
            Note::Passing(text) => (text, ""),
        };
        let length = text.chars().count();
        let before = self
            .passing
            .replace(if end.is_empty() { length } else { 0 });
        let back = if before > 0 { "\r" } else { "" };
        self.stream(StreamContent::stderr(&format!(
            "{back}{text}{}{end}",
            " ".repeat(before.saturating_sub(length))
        )));
    }

    /// What the code shows.
    pub fn show(&self, shown: Shown) {
        match shown {
            Shown::Line(line) => self.print(line),
            Shown::Value(value) => {
                self.settle();
                if let Some(parent) = self.parent.borrow().as_deref() {
                    self.outbox
                        .publish(DisplayData::new(media(value)).as_child_of(parent));
                }
            }
        }
    }
}

/// A value in every form that it has: a frontend takes the one that it shows best.
pub fn media(value: &Dynamic) -> Media {
    let mut forms = vec![MediaType::Plain(printing::text(value, false))];
    forms.extend(printing::html(value).map(MediaType::Html));
    if let Some(figure) = printing::picture(value) {
        forms.extend(figure.to_svg().ok().map(MediaType::Svg));
        forms.extend(
            figure
                .to_png()
                .ok()
                .map(|bytes| MediaType::Png(STANDARD.encode(bytes))),
        );
    }
    Media::new(forms)
}
