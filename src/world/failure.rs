//! The failure of a process as the others receive it.

use cistron_base::{Fault, Frame, Place};
use serde_json::{Value, json};

/// Which process has failed. Of several, all of them settle for the first.
pub(crate) struct Reported {
    /// Its number.
    pub rank: usize,
}

impl Reported {
    /// Its number among failures: the larger the earlier; 0 is no failure.
    pub(crate) fn write(&self, size: usize) -> i64 {
        (size - self.rank) as i64
    }

    /// What [`Reported::write`] has written.
    pub(crate) fn read(value: i64, size: usize) -> Option<Reported> {
        (value > 0).then(|| Reported {
            rank: size - value as usize,
        })
    }
}

/// A fault as JSON.
pub fn to_json(fault: &Fault) -> Value {
    let place = |at: &Place| json!([at.file, at.line, at.column]);
    let frame = |frame: &Frame| json!([frame.function, place(&frame.at)]);
    json!({
        "kind": fault.kind,
        "message": fault.message,
        "hint": fault.hint,
        "at": fault.at.as_ref().map(place),
        "trace": fault.trace.iter().map(frame).collect::<Vec<_>>(),
    })
}

/// The fault that [`to_json`] has written.
pub fn from_json(value: &Value) -> Fault {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let place = |value: &Value| {
        let number = |i: usize| value[i].as_u64().unwrap_or(0) as usize;
        value.is_array().then(|| Place {
            file: text(&value[0]),
            line: number(1),
            column: number(2),
        })
    };
    // a kind lives as long as the program, which ends with this fault
    let kind: &'static str = Box::leak(text(&value["kind"]).into_boxed_str());
    let mut fault = Fault::new(kind, text(&value["message"]));
    fault.hint = value["hint"].as_str().map(str::to_string);
    fault.at = place(&value["at"]);
    let frames = value["trace"].as_array().map_or(&[][..], Vec::as_slice);
    fault.trace = frames
        .iter()
        .filter_map(|frame| {
            Some(Frame {
                function: text(&frame[0]),
                at: place(&frame[1])?,
            })
        })
        .collect();
    fault
}

/// The fault of another process, whose message names that process.
pub(crate) fn of_rank(value: &Value, rank: usize) -> Fault {
    let mut fault = from_json(value);
    if fault.kind != "interrupted" {
        fault.message = format!("rank {rank}: {}", fault.message);
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_travel_whole() {
        let mut fault = Fault::new("shape", "got 3").hint("reshape it");
        let at = Place {
            file: "a.rhai".into(),
            line: 3,
            column: 5,
        };
        fault.at = Some(at.clone());
        fault.trace.push(Frame {
            function: "f".into(),
            at,
        });
        let read = of_rank(&to_json(&fault), 2);
        assert_eq!(
            (read.kind, read.message.as_str()),
            ("shape", "rank 2: got 3")
        );
        assert_eq!(
            (&read.hint, &read.at, &read.trace),
            (&fault.hint, &fault.at, &fault.trace)
        );
    }

    #[test]
    fn the_first_of_several_failures_is_the_largest() {
        let all: Vec<i64> = (0..4).map(|rank| Reported { rank }.write(4)).collect();
        assert_eq!(all, [4, 3, 2, 1]);
        assert_eq!(Reported::read(3, 4).unwrap().rank, 1);
        assert!(Reported::read(0, 4).is_none());
    }
}
