//! Motifs as arguments.

use crate::bail;
use crate::base::Result;
use crate::lang::{FromValue, session};
use crate::seq::motif::background::MotifBackground;
use rhai::{Dynamic, NativeCallContext};

/// Background frequencies: a name, or an array of four shares.
pub struct BackgroundName(pub MotifBackground);

impl FromValue for BackgroundName {
    fn kind() -> String {
        "\"uniform\", \"nrdb\", \"motif\" or an array of four shares".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match value.clone().into_string().as_deref() {
            Ok("uniform") => return Ok(BackgroundName(MotifBackground::Uniform)),
            Ok("nrdb") => return Ok(BackgroundName(MotifBackground::Nrdb)),
            Ok("motif") => return Ok(BackgroundName(MotifBackground::Motif)),
            _ => {}
        }
        let shares = Vec::<f64>::from_value(value, context).unwrap_or_default();
        match <[f64; 4]>::try_from(shares) {
            Ok(shares) if shares.iter().all(|share| *share > 0.0) => {
                Ok(BackgroundName(MotifBackground::Shares(shares)))
            }
            _ => bail!(
                "option",
                "must be \"uniform\", \"nrdb\", \"motif\" or four shares above 0, got {}",
                session::describe(value)
            ),
        }
    }
}

/// The strand as a script reads it.
pub fn strand_text(is_reverse: bool) -> String {
    if is_reverse { "-" } else { "+" }.to_string()
}
