//! What Rhai makes of any size asked for, with a look at the memory first.

use super::diagnostics;
use cistron_base::{Result, memory};
use rhai::{Array, Blob, Dynamic, Engine, EvalAltResult, ImmutableString, Position};

type Outcome<T> = std::result::Result<T, Box<EvalAltResult>>;

/// How many are to be added to `has` so that there are `wanted`, after a look at whether there is
/// room.
fn added(wanted: i64, has: usize, bytes: usize) -> Outcome<usize> {
    let more = usize::try_from(wanted).unwrap_or(0).saturating_sub(has);
    let needed = more as u128 * bytes as u128;
    // small ones need no look
    let checked: Result<()> = if needed < 1 << 20 {
        Ok(())
    } else {
        memory::room(needed, "what is added")
    };
    checked
        .map(|()| more)
        .map_err(|fault| diagnostics::pass(fault, Position::NONE))
}

fn pad_text(text: &mut ImmutableString, wanted: i64, with: &str) -> Outcome<()> {
    let letters = text.chars().count();
    let more = added(wanted, letters, with.len())?;
    let step = with.chars().count();
    if more > 0 && step > 0 {
        let padding = with.repeat(more.div_ceil(step));
        let padding: String = padding.chars().take(more).collect();
        *text = format!("{text}{padding}").into();
    }
    Ok(())
}

/// Registers them in place of Rhai's own.
pub fn register(engine: &mut Engine) {
    engine.register_fn(
        "pad",
        |array: &mut Array, wanted: i64, item: Dynamic| -> Outcome<()> {
            let more = added(wanted, array.len(), size_of::<Dynamic>())?;
            array.extend(std::iter::repeat_n(item, more));
            Ok(())
        },
    );
    engine.register_fn(
        "pad",
        |blob: &mut Blob, wanted: i64, item: i64| -> Outcome<()> {
            let more = added(wanted, blob.len(), 1)?;
            blob.extend(std::iter::repeat_n(item as u8, more));
            Ok(())
        },
    );
    engine.register_fn(
        "pad",
        |text: &mut ImmutableString, wanted: i64, with: char| {
            pad_text(text, wanted, with.encode_utf8(&mut [0; 4]))
        },
    );
    engine.register_fn(
        "pad",
        |text: &mut ImmutableString, wanted: i64, with: &str| pad_text(text, wanted, with),
    );
    engine.register_fn("blob", |wanted: i64| -> Outcome<Blob> {
        Ok(vec![0; added(wanted, 0, 1)?])
    });
    engine.register_fn("blob", |wanted: i64, item: i64| -> Outcome<Blob> {
        Ok(vec![item as u8; added(wanted, 0, 1)?])
    });
}
