//! A process of some machine, and whether it still runs.

use std::fmt;
use std::str::FromStr;

/// A process: the machine's name, the number, and when it started. The number alone may belong to a
/// later process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    host: String,
    id: u32,
    /// Clock ticks after the start of the machine; 0 where they are unknown.
    started: u64,
}

/// The name of this machine.
fn this_host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_string())
        .unwrap_or_default()
}

/// When a process of this machine started; none where there is no such process.
fn started(id: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // the name, in parentheses, may hold blanks; a process that has ended but was not waited for
    // counts as ended
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    (fields.next()? != "Z").then_some(())?;
    fields.nth(18)?.parse().ok()
}

impl Process {
    /// This process.
    pub fn this() -> Process {
        let id = std::process::id();
        Process {
            host: this_host(),
            id,
            started: started(id).unwrap_or(0),
        }
    }

    /// Whether it is of another machine, where its state cannot be looked up.
    pub fn is_elsewhere(&self) -> bool {
        self.host != this_host()
    }

    /// Whether it still runs; one of another machine counts as running.
    pub fn is_alive(&self) -> bool {
        if self.id == 0 {
            return false;
        }
        self.is_elsewhere()
            || started(self.id).is_some_and(|now| self.started == 0 || now == self.started)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.host, self.id, self.started)
    }
}

impl FromStr for Process {
    type Err = ();

    fn from_str(text: &str) -> Result<Process, ()> {
        let mut parts = text.trim().rsplitn(3, ':');
        let (started, id) = (parts.next().ok_or(())?, parts.next().ok_or(())?);
        let host = parts.next().ok_or(())?.to_string();
        Ok(Process {
            host,
            id: id.parse().map_err(|_| ())?,
            started: started.parse().map_err(|_| ())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_given_again_is_another_process() {
        let this = Process::this();
        assert!(this.is_alive() && !this.is_elsewhere());
        assert_eq!(this.to_string().parse(), Ok(this.clone()));
        assert!(
            !Process {
                started: this.started + 1,
                ..this.clone()
            }
            .is_alive()
        );
        assert!(
            Process {
                host: "another".into(),
                ..this
            }
            .is_alive()
        );
        assert!(!Process::default().is_alive() && "words".parse::<Process>().is_err());
        let mut child = std::process::Command::new("true").spawn().expect("a child");
        let id = child.id();
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(
            !Process {
                host: this_host(),
                id,
                started: 0
            }
            .is_alive()
        );
        child.wait().expect("ended");
    }
}
