//! The script language without science: engine, session, callbacks, options, catalog, diagnostics.

pub mod assist;
pub mod budget;
pub mod callback;
pub mod catalog;
pub mod check;
pub mod compare;
pub mod constraint;
pub mod diagnostics;
pub mod division;
pub mod engine;
pub mod examples;
pub mod explain;
pub mod habits;
pub mod help;
pub mod highlight;
pub mod interactive;
pub mod library;
pub mod native;
pub mod options;
pub mod prepare;
pub mod reach;
pub mod resolver;
pub mod scan;
pub mod session;
pub mod setting;
pub mod show;
pub mod sizes;
pub mod stdlib;
pub mod types;
pub mod value;

pub use callback::Callback;
pub use library::Library;
pub use native::{Call, Form, Native, Param};
pub use options::{Opt, OptKind, Options};
