//! The socket between a child process and its parent: one JSON value a line.

use crate::base::{Fault, Frame, Place, Result};
use crate::fault;
use crate::lang::diagnostics;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// The longest line that is read, in bytes.
pub const LONGEST: u64 = 256 << 20;

/// The child's end of the socket.
pub struct Channel(RefCell<UnixStream>);

fn broken(error: &std::io::Error) -> Fault {
    fault!("internal", "the channel of the sandbox is broken: {error}")
}

impl Channel {
    /// Takes the socket that the parent passed as standard input, and the first line from it.
    /// Standard input is empty afterwards.
    pub fn open() -> Result<(Channel, String)> {
        let socket = std::io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|error| broken(&error))?;
        let null = std::fs::File::open("/dev/null").map_err(|error| broken(&error))?;
        // SAFETY: both descriptors are open; the copy replaces standard input
        unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&null), 0) };
        let socket = UnixStream::from(socket);
        let mut line = String::new();
        let mut reader = BufReader::new(
            socket
                .try_clone()
                .map_err(|error| broken(&error))?
                .take(LONGEST),
        );
        reader
            .read_line(&mut line)
            .map_err(|error| broken(&error))?;
        Ok((Channel(RefCell::new(socket)), line))
    }

    /// Sends an event to the parent.
    pub fn send(&self, event: &Value) -> Result<()> {
        let line = format!("{event}\n");
        self.0
            .borrow_mut()
            .write_all(line.as_bytes())
            .map_err(|error| broken(&error))
    }
}

/// A fault as an event; see [`fault_of`].
pub fn keep_fault(fault: &Fault) -> Value {
    diagnostics::json(fault)
}

/// The fault of an event.
pub fn fault_of(value: &Value) -> Fault {
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let place = |value: &Value| {
        let number = |key: &str| value[key].as_u64().unwrap_or(0) as usize;
        Place {
            file: text(&value["file"]),
            line: number("line"),
            column: number("column"),
        }
    };
    // a process reads few faults of children, and kinds are short
    let kind: String = text(&value["kind"]).chars().take(40).collect();
    let mut fault = Fault::new(Box::leak(kind.into_boxed_str()), text(&value["message"]));
    fault.hint = value["hint"].as_str().map(str::to_string);
    fault.at = if value["at"].is_null() {
        None
    } else {
        Some(place(&value["at"]))
    };
    let frames = value["trace"].as_array().into_iter().flatten();
    fault.trace = frames
        .map(|frame| Frame {
            function: text(&frame["function"]),
            at: place(&frame["at"]),
        })
        .collect();
    fault
}

/// The event of an outcome.
pub fn outcome(outcome: &Result<Value>) -> Value {
    match outcome {
        Ok(results) => json!({ "done": results }),
        Err(fault) => json!({ "failed": keep_fault(fault) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_back_whole() {
        let mut fault = fault!("shape", "got {}", 3; hint: "reshape it");
        fault.at = Some(Place {
            file: "a.rhai".into(),
            line: 2,
            column: 5,
        });
        fault.trace.push(Frame {
            function: "f".into(),
            at: Place {
                file: "b.rhai".into(),
                line: 1,
                column: 0,
            },
        });
        let again = fault_of(&keep_fault(&fault));
        assert_eq!(diagnostics::json(&again), diagnostics::json(&fault));
        assert_eq!(fault_of(&json!({ "kind": "x", "message": "y" })).at, None);
    }
}
