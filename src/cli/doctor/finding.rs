//! One finding of an examination.

use serde_json::{Map, Value};

/// How a finding is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// As it should be.
    Sound,
    /// Works, but slower or with less than it could.
    Note,
    /// Something does not work.
    Fault,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Sound => "ok",
            State::Note => "note",
            State::Fault => "fault",
        }
    }
}

/// What was found of a subject.
pub(super) struct Finding {
    subject: &'static str,
    pub state: State,
    text: String,
    hint: Option<String>,
    facts: Map<String, Value>,
}

impl Finding {
    fn new(state: State, subject: &'static str, text: String) -> Finding {
        Finding {
            subject,
            state,
            text,
            hint: None,
            facts: Map::new(),
        }
    }

    pub fn sound(subject: &'static str, text: impl Into<String>) -> Finding {
        Finding::new(State::Sound, subject, text.into())
    }

    pub fn note(
        subject: &'static str,
        text: impl Into<String>,
        hint: impl Into<String>,
    ) -> Finding {
        let mut finding = Finding::new(State::Note, subject, text.into());
        finding.hint = Some(hint.into());
        finding
    }

    pub fn fault(
        subject: &'static str,
        text: impl Into<String>,
        hint: impl Into<String>,
    ) -> Finding {
        let mut finding = Finding::new(State::Fault, subject, text.into());
        finding.hint = Some(hint.into());
        finding
    }

    /// Adds a value to the JSON of the finding.
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Finding {
        self.facts.insert(name.into(), value.into());
        self
    }

    /// A line, and another with what to do.
    pub fn text(&self) -> String {
        let hint = self
            .hint
            .iter()
            .map(|hint| format!("\n{:18}hint: {hint}", ""));
        let head = format!("{:<6}{:<11} {}", self.state.name(), self.subject, self.text);
        hint.fold(head, |text, hint| text + &hint)
    }

    /// Its subject and an object with state, text, hint and facts.
    pub fn json(&self) -> (String, Value) {
        let mut object = Map::new();
        object.insert("state".into(), self.state.name().into());
        object.insert("text".into(), self.text.clone().into());
        object.insert("hint".into(), self.hint.clone().into());
        object.extend(self.facts.clone());
        (self.subject.into(), Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_lines_and_objects() {
        let finding = Finding::fault("disk", "it is full", "free some space").fact("free", 0);
        assert_eq!(
            finding.text(),
            "fault disk        it is full\n                  hint: free some space"
        );
        let (name, value) = finding.json();
        assert_eq!(name, "disk");
        assert_eq!(
            value,
            serde_json::json!({
                "state": "fault", "text": "it is full", "hint": "free some space", "free": 0
            })
        );
    }
}
