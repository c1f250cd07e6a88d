//! Messages on the standard input and output. One that cannot be read is answered with an error,
//! and the next one is read.

use lsp_server::{Connection, ErrorCode, Message};
use serde_json::{Value, json};
use std::io::{self, BufRead, Read, Write};
use std::thread::JoinHandle;

/// The most bytes of a line of a header.
const MOST_HEADER: u64 = 1 << 16;

/// The most bytes of a message.
const MOST: u64 = 1 << 28;

/// The threads that read and write.
pub(super) struct Wire {
    reader: JoinHandle<io::Result<()>>,
    writer: JoinHandle<io::Result<()>>,
}

/// A connection over the standard input and output.
pub(super) fn stdio() -> (Connection, Wire) {
    let (server, editor) = Connection::memory();
    let (sender, receiver) = (editor.sender, editor.receiver);
    let reader = std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Some(found) = next(&mut input)? {
            match found {
                Ok(message) => {
                    let is_exit =
                        matches!(&message, Message::Notification(one) if one.method == "exit");
                    if sender.send(message).is_err() || is_exit {
                        break;
                    }
                }
                Err(refusal) => refuse(&refusal)?,
            }
        }
        Ok(())
    });
    let writer = std::thread::spawn(move || {
        for message in receiver {
            message.write(&mut io::stdout().lock())?;
        }
        Ok(())
    });
    (server, Wire { reader, writer })
}

impl Wire {
    /// Waits until all has been written; with `is_over`, also for the reader.
    pub(super) fn join(self, is_over: bool) -> io::Result<()> {
        let lost = || io::Error::other("a thread of the server ended");
        self.writer.join().unwrap_or_else(|_| Err(lost()))?;
        match is_over {
            true => self.reader.join().unwrap_or_else(|_| Err(lost())),
            false => Ok(()),
        }
    }
}

/// Why a message was not read: a code of JSON-RPC and a text.
#[derive(Debug)]
struct Refusal {
    code: ErrorCode,
    text: String,
}

fn refusal(code: ErrorCode, text: impl std::fmt::Display) -> Refusal {
    Refusal {
        code,
        text: text.to_string(),
    }
}

/// The next message; none at the end of the input.
fn next(input: &mut impl BufRead) -> io::Result<Option<Result<Message, Refusal>>> {
    let Some(size) = header(input)? else {
        return Ok(None);
    };
    let size = match size {
        Ok(size) => size,
        Err(refusal) => return Ok(Some(Err(refusal))),
    };
    if size > MOST {
        io::copy(&mut input.take(size), &mut io::sink())?;
        let text = format!("a message of {size} bytes is longer than {MOST}");
        return Ok(Some(Err(refusal(ErrorCode::InvalidRequest, text))));
    }
    let mut body = vec![0; size as usize];
    input.read_exact(&mut body)?;
    let value: Value = match serde_json::from_slice(&body) {
        Ok(value) => value,
        Err(error) => return Ok(Some(Err(refusal(ErrorCode::ParseError, error)))),
    };
    let message = serde_json::from_value(value);
    Ok(Some(message.map_err(|error| {
        refusal(ErrorCode::InvalidRequest, error)
    })))
}

/// The number of bytes that a header states; none at the end of the input.
fn header(input: &mut impl BufRead) -> io::Result<Option<Result<u64, Refusal>>> {
    let (mut size, mut wrong) = (None, None);
    loop {
        let mut line = Vec::new();
        if input
            .by_ref()
            .take(MOST_HEADER)
            .read_until(b'\n', &mut line)?
            == 0
        {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            match (size, wrong) {
                (Some(size), _) => return Ok(Some(Ok(size))),
                (None, Some(text)) => {
                    return Ok(Some(Err(refusal(ErrorCode::ParseError, text))));
                }
                (None, None) => {
                    wrong = None;
                    continue;
                }
            }
        }
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                match value.trim().parse() {
                    Ok(value) => size = Some(value),
                    Err(_) => wrong = Some(format!("`{line}`: expected a number of bytes")),
                }
            }
            Some(_) => {}
            None => wrong = Some(format!("`{line}`: expected `Content-Length: N`")),
        }
    }
}

/// Answers a message that was not read.
fn refuse(refusal: &Refusal) -> io::Result<()> {
    let error = json!({ "code": refusal.code as i32, "message": refusal.text });
    let body = json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
    let mut output = io::stdout().lock();
    write!(output, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_refused_and_the_next_one_read() {
        let good = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let sent = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let text = [
            "hello world\r\n\r\n".to_string(),
            sent("{{{{{"),
            sent("[]"),
            "Content-Length: many\r\n\r\n".into(),
            "\r\n".into(),
            "content-type: x\r\n".to_string() + &sent(good),
        ]
        .concat();
        let mut input = io::Cursor::new(text.into_bytes());
        for code in [
            ErrorCode::ParseError,
            ErrorCode::ParseError,
            ErrorCode::InvalidRequest,
            ErrorCode::ParseError,
        ] {
            let refused = next(&mut input).unwrap().unwrap().unwrap_err();
            assert_eq!(refused.code as i32, code as i32, "{refused:?}");
        }
        let last = next(&mut input).unwrap().unwrap().unwrap();
        assert!(matches!(last, Message::Notification(one) if one.method == "exit"));
        assert!(next(&mut input).unwrap().is_none());
        // a size that no machine has is not allocated
        let mut huge = io::Cursor::new(b"Content-Length: 99999999999999\r\n\r\n{}".to_vec());
        assert!(next(&mut huge).unwrap().unwrap().is_err());
    }
}
