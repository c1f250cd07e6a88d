//! The one error type: what is wrong, where, how it came there, what to do.

use super::digits::with_exponents;
use std::borrow::Cow;
use std::fmt;

/// A result whose error is a [`Fault`].
pub type Result<T> = std::result::Result<T, Fault>;

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The script's path as the user knows it.
    pub file: String,
    /// Line, from 1; 0 where it is not known.
    pub line: usize,
    /// Column, from 1; 0 where it is not known.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(f, "{}", self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

/// A call on the way to a fault, innermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function that was called.
    pub function: String,
    /// Where it was called.
    pub at: Place,
}

/// An error as data: rendered with a caret for people, as JSON for programs, readable by
/// `catch (e)` in scripts.
#[derive(Clone, Debug)]
pub struct Fault(Box<Body>);

/// What a [`Fault`] holds.
#[derive(Clone, Debug)]
pub struct Body {
    /// A short class: `shape`, `type`, `value`, `option`, `name`, `file`, `data`, `torch`,
    /// `assertion`, …
    pub kind: &'static str,
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it happened.
    pub at: Option<Place>,
    /// The calls that led there, innermost first.
    pub trace: Vec<Frame>,
}

impl std::ops::Deref for Fault {
    type Target = Body;
    fn deref(&self) -> &Body {
        &self.0
    }
}

impl std::ops::DerefMut for Fault {
    fn deref_mut(&mut self) -> &mut Body {
        &mut self.0
    }
}

impl Fault {
    /// A fault of a kind with a message.
    ///
    /// Numbers that it writes out with more than 30 digits get an exponent.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Cow::Owned(short) = with_exponents(&message) {
            message = short;
        }
        Fault(Box::new(Body {
            kind,
            message,
            hint: None,
            at: None,
            trace: Vec::new(),
        }))
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Puts `context: ` before the message.
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// The fault of a file operation.
    pub fn file(path: impl AsRef<std::path::Path>, error: &std::io::Error) -> Self {
        let path = path.as_ref().display();
        let fault = Fault::new("file", format!("`{path}`: {}", plain_io(error)));
        match error.kind() {
            std::io::ErrorKind::NotFound => fault.hint(
                "check the path; relative paths start at \
                the working directory, then beside the script",
            ),
            _ => fault,
        }
    }
}

/// An operating system's message without its number, in the house's case.
fn plain_io(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " (hint: {hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

/// Makes a [`Fault`]: `fault!("shape", "got {n}")`,
/// `fault!("shape", "got {n}"; hint: "reshape it")`.
#[macro_export]
macro_rules! fault {
    ($kind:literal, $($text:expr),+ ; hint: $($hint:expr),+ $(,)?) => {
        $crate::Fault::new($kind, format!($($text),+)).hint(format!($($hint),+))
    };
    ($kind:literal, $($text:expr),+ $(,)?) => {
        $crate::Fault::new($kind, format!($($text),+))
    };
}

/// Returns a [`Fault`] made as by [`fault!`].
#[macro_export]
macro_rules! bail {
    ($($all:tt)+) => { return Err($crate::fault!($($all)+)) };
}
