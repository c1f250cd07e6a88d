//! Sequences as arguments.

use crate::bail;
use crate::base::Result;
use crate::lang::FromValue;
use crate::lang::value::mismatch;
use crate::seq::alphabet;
use rhai::{Dynamic, NativeCallContext};

/// Sequences as scripts write them: codes of one length.
pub fn codes_of(texts: &[String]) -> Result<(Vec<u8>, usize)> {
    let mut codes = Vec::new();
    let length = texts.first().map_or(0, String::len);
    for (i, text) in texts.iter().enumerate() {
        if text.len() != length {
            bail!("shape", "sequence {i} has {} bases, the first has {length}", text.len();
                hint: "sequences of one batch have one length");
        }
        codes
            .extend(alphabet::codes(text).map_err(|fault| fault.context(format!("sequence {i}")))?);
    }
    Ok((codes, length))
}

/// One sequence or several.
pub struct Sequences(pub Vec<String>);

impl FromValue for Sequences {
    fn kind() -> String {
        "string or array of strings".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_string() {
            return String::from_value(value, context).map(|one| Sequences(vec![one]));
        }
        Vec::<String>::from_value(value, context)
            .map(Sequences)
            .map_err(|_| mismatch(&Self::kind(), value))
    }
}
