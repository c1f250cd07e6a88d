//! Answers other than success: a status and JSON with `error`.

use crate::base::Fault;
use hyper::StatusCode;
use serde_json::{Map, Value};

/// Why a request is not answered.
#[derive(Debug)]
pub struct Refusal {
    /// The status: 4xx where the request is wrong, 5xx where the server is.
    pub status: StatusCode,
    /// The fields of the answer; `error` is one of them.
    pub fields: Map<String, Value>,
}

impl Refusal {
    /// A refusal with a message.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        let fields = Map::from_iter([("error".to_string(), message.into().into())]);
        Refusal { status, fields }
    }

    /// A wrong request.
    pub fn bad(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    /// A request of the right form whose content cannot be used.
    pub fn unusable(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// A request beyond a limit.
    pub fn too_large(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Refusal {
        self.fields.insert(name.to_string(), value.into());
        self
    }
}

impl From<Fault> for Refusal {
    /// Faults of a request's content are 422, all others 500.
    fn from(fault: Fault) -> Refusal {
        let status = match fault.kind {
            "value" | "data" | "name" | "option" | "shape" => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let refusal = Refusal::new(status, fault.message.clone());
        match &fault.hint {
            Some(hint) => refusal.with("hint", hint.as_str()),
            None => refusal,
        }
    }
}

/// Runs work that takes long aside from the connections; `what` names what failed if it panics.
pub(super) async fn aside<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::result::Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, what))
}
