//! Rhai's errors as faults with the right file and line, and faults as text and as JSON.

use super::native::Native;
use super::{explain, habits, session};
use crate::base::written::printable;
use crate::base::{Fault, Frame, Place, panic};
use crate::fault;
use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

/// Calls that are shown on the way to a fault; of more than that only the first and the last.
const FRAMES: usize = 12;
const ENDS: usize = 3;

/// The fault of a panic inside a native function: torch's own words where it was torch that gave
/// up.
pub fn of_panic(function: &str) -> Fault {
    let said = panic::last();
    if let Some((_, rest)) = said.split_once("Torch(\"") {
        let first = rest
            .split("\\nException raised from")
            .next()
            .unwrap_or(rest);
        return fault!("torch", "{function}: {first}");
    }
    if [
        "Cannot allocate memory",
        "capacity overflow",
        "memory allocation",
    ]
    .iter()
    .any(|word| said.contains(word))
    {
        return fault!("memory", "`{function}` needs more memory than there is"; hint: "smaller batches, shorter values or fewer of them need less");
    }
    let place = if std::env::var_os("CISTRON_DEBUG").is_some() {
        format!(" ({said})")
    } else {
        String::new()
    };
    fault!("internal", "`{function}` cannot work on this input{place}";
        hint: "this is a defect of cistron, not of the script; a report of it is welcome, with what `CISTRON_DEBUG=1` adds here")
}

/// A fault on its way through Rhai, out of a native function.
#[cold]
pub fn raise(fault: Fault, native: &Native, context: &NativeCallContext) -> Box<EvalAltResult> {
    raise_from(fault, &native.qualified(), context)
}

/// A fault on its way through Rhai, out of the function of a name.
#[cold]
pub fn raise_from(
    mut fault: Fault,
    function: &str,
    context: &NativeCallContext,
) -> Box<EvalAltResult> {
    let position = context.call_position();
    let place = session::place(position);
    match &fault.at {
        None => fault.at = Some(place),
        Some(_) if position.is_none() => {}
        Some(_) => fault.trace.push(Frame {
            function: function.to_string(),
            at: place,
        }),
    }
    pass(fault, position)
}

/// A fault as Rhai carries it; an interrupt and the end of a budget cannot be caught.
pub fn pass(fault: Fault, position: Position) -> Box<EvalAltResult> {
    if super::budget::is_final(fault.kind) {
        return EvalAltResult::ErrorTerminated(Dynamic::from(fault), position).into();
    }
    EvalAltResult::ErrorRuntime(Dynamic::from(fault), position).into()
}

/// The fault of a Rhai error that came out of `file`.
pub fn fault_of(error: &EvalAltResult, file: &str) -> Fault {
    let mut frames = Vec::new();
    let mut inner = error;
    let mut outer = Position::NONE;
    loop {
        match inner {
            EvalAltResult::ErrorInFunctionCall(name, _, next, position) => {
                if !position.is_none() {
                    let function = if name.starts_with("anon$") {
                        "closure".to_string()
                    } else {
                        name.clone()
                    };
                    frames.push(Frame {
                        function,
                        at: session::place_in(file, *position),
                    });
                    outer = *position;
                }
                inner = next;
            }
            EvalAltResult::ErrorInModule(_, next, position) => {
                outer = *position;
                inner = next;
            }
            _ => break,
        }
    }
    frames.reverse();
    let mut position = inner.position();
    if position.is_none() {
        position = outer;
    }
    let here = session::place_in(file, position);
    let mut fault = match inner {
        EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) => {
            match value.read_lock::<Fault>() {
                Some(fault) => fault.clone(),
                None if matches!(inner, EvalAltResult::ErrorTerminated(..)) => {
                    Fault::new("interrupted", "interrupted")
                }
                None => Fault::new("thrown", super::show::line(value)),
            }
        }
        other => explain::explain(other, file),
    };
    if fault.at.is_none() {
        fault.at = Some(here);
    }
    if let Some(stage) = explain::stage(inner) {
        fault = habits::explained(fault, stage);
    }
    fault.trace.extend(frames);
    fault
}

/// A fault as people read it: message, excerpt with caret, trace, hint.
pub fn render(fault: &Fault, color: bool) -> String {
    let paint = |code: &str, text: &str| {
        if color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    };
    let mut out = format!(
        "{} {}\n",
        paint("1;31", &format!("error[{}]:", fault.kind)),
        paint("1", &printable(&fault.message))
    );
    if let Some(at) = &fault.at {
        out += &excerpt(at, &paint);
    }
    let frames: Vec<&Frame> = fault
        .trace
        .iter()
        .filter(|frame| frame.at.line > 0)
        .collect();
    let hidden = if frames.len() > FRAMES {
        ENDS..frames.len() - ENDS
    } else {
        0..0
    };
    for (i, frame) in frames.iter().enumerate() {
        if i == hidden.start && !hidden.is_empty() {
            out += &format!("  {} … {} more calls\n", paint("34", "="), hidden.len());
        }
        if !hidden.contains(&i) {
            let at = frame.at.to_string();
            out += &format!(
                "  {} `{}` was called at {}\n",
                paint("34", "="),
                frame.function,
                printable(&at)
            );
        }
    }
    if let Some(hint) = &fault.hint {
        out += &format!("  {} {}\n", paint("1;32", "hint:"), printable(hint));
    }
    out
}

fn excerpt(at: &Place, paint: &dyn Fn(&str, &str) -> String) -> String {
    let mut out = format!("  {} {}\n", paint("34", "-->"), printable(&at.to_string()));
    let text = session::source(&at.file).unwrap_or_default();
    let Some(line) = at.line.checked_sub(1).and_then(|i| text.lines().nth(i)) else {
        return out;
    };
    let number = at.line.to_string();
    let margin = " ".repeat(number.len());
    // each control character as one letter: the caret stays below its column
    let line: String = line
        .chars()
        .map(|c| {
            if c == '\t' {
                ' '
            } else if c.is_control() {
                '�'
            } else {
                c
            }
        })
        .collect();
    out += &format!("{margin} {}\n", paint("34", "|"));
    out += &format!("{} {} {line}\n", paint("34", &number), paint("34", "|"));
    if at.column > 0 {
        out += &format!(
            "{margin} {} {}{}\n",
            paint("34", "|"),
            " ".repeat(at.column - 1),
            paint("1;31", "^")
        );
    }
    out
}

/// A fault as data.
pub fn json(fault: &Fault) -> serde_json::Value {
    let place =
        |at: &Place| serde_json::json!({ "file": at.file, "line": at.line, "column": at.column });
    serde_json::json!({
        "kind": fault.kind,
        "message": fault.message,
        "hint": fault.hint,
        "at": fault.at.as_ref().map(place),
        "trace": fault.trace.iter().map(|frame| serde_json::json!({ "function": frame.function, "at": place(&frame.at) })).collect::<Vec<_>>(),
    })
}
