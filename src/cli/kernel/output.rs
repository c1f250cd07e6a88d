//! Output of cells, as messages to the notebook.

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

/// The output of the current request.
pub struct Output {
    /// The outgoing messages.
    pub outbox: Outbox,
    /// The request.
    pub parent: RefCell<Option<Rc<JupyterMessage>>>,
    /// The length of the current line that the next one replaces.
    passing: Cell<usize>,
}

impl Output {
    /// An output without a request.
    pub fn new(outbox: Outbox) -> Rc<Output> {
        Rc::new(Output {
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

    /// A message of the program.
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

    /// Output of a script.
    pub fn show(&self, output: Shown) {
        match output {
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

/// A value in every media type that it has; the frontend chooses one.
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
