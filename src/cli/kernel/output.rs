//! Output of cells, as messages to the notebook.

use super::wire::Outbox;
use crate::base::say::Note;
use crate::bind::printing;
use crate::lang::session::Shown;
use crate::plot::raster;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use jupyter_protocol::{
    DisplayData, JupyterMessage, Media, MediaType, StreamContent, Transient, UpdateDisplayData,
};
use rhai::Dynamic;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The output of the current request.
pub struct Output {
    /// The outgoing messages.
    pub outbox: Outbox,
    /// The request.
    pub parent: RefCell<Option<Rc<JupyterMessage>>>,
    /// The number of the display of a running training; 0 without one.
    passing: Cell<usize>,
    /// Displays of trainings so far.
    displays: Cell<usize>,
}

impl Output {
    /// An output without a request.
    pub fn new(outbox: Outbox) -> Rc<Output> {
        Rc::new(Output {
            outbox,
            parent: RefCell::new(None),
            passing: Cell::new(0),
            displays: Cell::new(0),
        })
    }

    fn stream(&self, content: StreamContent) {
        if let Some(parent) = self.parent.borrow().as_deref() {
            self.outbox.publish(content.as_child_of(parent));
        }
    }

    /// Ends a display that would have been updated.
    pub fn settle(&self) {
        self.passing.set(0);
    }

    /// A line of standard output.
    pub fn print(&self, line: &str) {
        self.settle();
        self.stream(StreamContent::stdout(&format!("{line}\n")));
    }

    /// A message of the program. The progress of a training is one display that is updated.
    pub fn note(&self, note: Note) {
        match note {
            Note::Line(text) => {
                self.settle();
                self.stream(StreamContent::stderr(&format!("{text}\n")));
            }
            Note::Passing(text) | Note::Epoch(text) => self.update(text),
            Note::Passed(text) => {
                self.update(text);
                self.settle();
            }
        }
    }

    /// Shows a line in the display of the current training.
    fn update(&self, text: &str) {
        let Some(parent) = self.parent.borrow().clone() else {
            return;
        };
        let data = Media::new(vec![MediaType::Plain(text.to_string())]);
        let is_new = self.passing.get() == 0;
        if is_new {
            self.displays.set(self.displays.get() + 1);
            self.passing.set(self.displays.get());
        }
        let id = format!("cistron-progress-{}", self.passing.get());
        if is_new {
            let mut display = DisplayData::new(data);
            let display_id = Some(id);
            display.transient = Some(Transient { display_id });
            self.outbox.publish(display.as_child_of(&parent));
        } else {
            self.outbox
                .publish(UpdateDisplayData::new(data, &id).as_child_of(&parent));
        }
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
                .to_png(raster::DPI)
                .ok()
                .map(|bytes| MediaType::Png(STANDARD.encode(bytes))),
        );
    }
    Media::new(forms)
}
