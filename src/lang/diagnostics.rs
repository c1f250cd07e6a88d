//! Errors of Rhai as faults with file and line, and faults as text and as JSON.

use super::native::Native;
use super::{explain, habits, session};
use cistron_base::fault;
use cistron_base::written::printable;
use cistron_base::{Fault, Frame, Place, panic};
use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

/// Calls of a trace that are shown; of a longer trace, the first and the last [`ENDS`].
const FRAMES: usize = 12;
const ENDS: usize = 3;

/// The fault of a panic inside a native function, with the message of libtorch where it raised the
/// panic.
pub fn of_panic(function: &str) -> Fault {
    let message = panic::last();
    if let Some((_, rest)) = message.split_once("Torch(\"") {
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
    .any(|word| message.contains(word))
    {
        return fault!(
            "memory",
            "`{function}` needs more memory than there is";
            hint: "smaller batches, shorter values or fewer of them need less"
        );
    }
    let detail = if std::env::var_os("CISTRON_DEBUG").is_some() {
        format!(" ({message})")
    } else {
        String::new()
    };
    fault!("internal", "`{function}` cannot work on this input{detail}";
        hint: "this is a defect of cistron, not of the script; a report of it is welcome, with \
            what `CISTRON_DEBUG=1` adds here")
}

/// A fault of a native function as an error of Rhai.
#[cold]
pub fn raise(fault: Fault, native: &Native, context: &NativeCallContext) -> Box<EvalAltResult> {
    raise_from(fault, &native.qualified(), context)
}

/// A fault of a function as an error of Rhai.
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

/// A fault as an error of Rhai; interrupts and exhausted budgets cannot be caught.
pub fn pass(fault: Fault, position: Position) -> Box<EvalAltResult> {
    if super::budget::is_final(fault.kind) {
        return EvalAltResult::ErrorTerminated(Dynamic::from(fault), position).into();
    }
    EvalAltResult::ErrorRuntime(Dynamic::from(fault), position).into()
}

/// The fault of an error of Rhai in `file`.
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

/// A fault as text: message, excerpt with caret, trace, hint.
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

/// A fault as JSON.
pub fn json(fault: &Fault) -> serde_json::Value {
    let place =
        |at: &Place| serde_json::json!({ "file": at.file, "line": at.line, "column": at.column });
    let frame =
        |frame: &Frame| serde_json::json!({ "function": frame.function, "at": place(&frame.at) });
    let trace: Vec<_> = fault.trace.iter().map(frame).collect();
    serde_json::json!({
        "kind": fault.kind,
        "message": fault.message,
        "hint": fault.hint,
        "at": fault.at.as_ref().map(place),
        "trace": trace,
    })
}
