//! Answers of the API: JSON, or a table as CSV where the request accepts that alone.

use crate::base::delimited::Style;
use bytes::Bytes;
use serde::Serialize;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// JSON.
    Json,
    /// The table of an answer as CSV.
    Csv,
}

/// The content of a successful answer.
pub struct Answer {
    /// Its media type.
    pub media: &'static str,
    /// Its bytes.
    pub body: Bytes,
}

impl Answer {
    /// A value as JSON; numbers that JSON has not are null.
    pub fn json(value: &impl Serialize) -> Answer {
        let text = serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec());
        Answer {
            media: "application/json",
            body: text.into(),
        }
    }

    /// A table as CSV. Text that a spreadsheet would run as a formula has an apostrophe in front.
    pub fn csv(header: &[&str], rows: impl Iterator<Item = Vec<Cell>>) -> Answer {
        let style = Style {
            separator: ',',
            guards_formulas: true,
        };
        let mut text = style.row(header.iter().map(|name| style.text(name)));
        for row in rows {
            text += &style.row(row.iter().map(|cell| match cell {
                Cell::Text(text) => style.text(text).into_owned(),
                Cell::Number(x) if x.is_nan() => "NA".to_string(),
                Cell::Number(x) => x.to_string(),
            }));
        }
        Answer {
            media: "text/csv; charset=utf-8",
            body: text.into(),
        }
    }
}

/// A cell of a table.
pub enum Cell {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
}
