//! A page in Chromium, driven over the pipes of its DevTools protocol.

use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// A page; the browser ends with it.
pub struct Page {
    browser: Child,
    requests: File,
    messages: Receiver<Value>,
    session: String,
    count: u64,
    errors: Vec<String>,
}

/// Both ends of a pipe, reading first, whose numbers do not collide with those in the browser.
fn pipe() -> [OwnedFd; 2] {
    let mut ends: [RawFd; 2] = [0; 2];
    // SAFETY: the descriptors are new, and each is owned once
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        ends.map(|end| {
            let high = libc::fcntl(end, libc::F_DUPFD_CLOEXEC, 20);
            assert!(high >= 20);
            libc::close(end);
            OwnedFd::from_raw_fd(high)
        })
    }
}

impl Page {
    /// Opens a page; its downloads are stored in a folder.
    pub fn open(program: &str, folder: &Path, address: &str) -> Page {
        use std::os::fd::AsRawFd;
        let ([theirs_in, ours_out], [ours_in, theirs_out]) = (pipe(), pipe());
        let ends = [(theirs_in.as_raw_fd(), 3), (theirs_out.as_raw_fd(), 4)];
        let mut command = Command::new(program);
        command
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--remote-debugging-pipe",
            ])
            .arg("--window-size=1200,900")
            .arg(format!(
                "--user-data-dir={}",
                folder.join("browser").display()
            ))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // SAFETY: only calls that may be made between fork and exec
        unsafe {
            command.pre_exec(move || {
                for (from, to) in ends {
                    if libc::dup2(from, to) < 0 {
                        return Err(std::io::Error::last_os_error());
                    }
                }
                Ok(())
            });
        }
        let browser = command.spawn().expect("the browser starts");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(File::from(ours_in)).split(0) {
                let Ok(message) = message else { return };
                let message = serde_json::from_slice(&message).expect("JSON of the browser");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut page = Page {
            browser,
            requests: File::from(ours_out),
            messages,
            session: String::new(),
            count: 0,
            errors: Vec::new(),
        };
        let target = page.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = page.ask("Target.attachToTarget", attach);
        page.session = session["sessionId"]
            .as_str()
            .expect("a session")
            .to_string();
        page.ask("Runtime.enable", json!({}));
        page.ask("Log.enable", json!({}));
        let downloads = json!({ "behavior": "allow", "downloadPath": folder });
        page.ask("Page.setDownloadBehavior", downloads);
        page.ask("Page.navigate", json!({ "url": address }));
        page
    }

    /// The result of a method.
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.count += 1;
        let mut request = json!({ "id": self.count, "method": method, "params": parameters });
        if !self.session.is_empty() {
            request["sessionId"] = json!(self.session);
        }
        let mut bytes = request.to_string().into_bytes();
        bytes.push(0);
        self.requests.write_all(&bytes).expect("the browser runs");
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let message = message.unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == self.count {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    /// Keeps errors that the page logs, such as violations of its policy.
    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        let is_error = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Log.entryAdded") => parameters["entry"]["level"] == "error",
            _ => false,
        };
        if is_error {
            self.errors.push(parameters.to_string());
        }
    }

    /// Errors so far.
    pub fn errors(&mut self) -> Vec<String> {
        self.value("1");
        self.errors.clone()
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let asked =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let found = self.ask("Runtime.evaluate", asked);
        assert!(found["exceptionDetails"].is_null(), "{expression}: {found}");
        found["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub fn wait(&mut self, expression: &str) {
        let begun = Instant::now();
        let guarded =
            format!("(() => {{ try {{ return {expression} }} catch {{ return false }} }})()");
        while self.value(&guarded) != json!(true) {
            let (page, errors) = (self.value("document.body.innerText"), &self.errors);
            assert!(
                begun.elapsed() < PATIENCE,
                "{expression}: {page} {errors:?}"
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Clicks on the first element of a selector.
    pub fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const own = document.querySelector({}); own.scrollIntoView({{ block: 'center' }}); \
             const box = own.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2] }})()",
            json!(selector)
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", event);
        }
    }

    /// Writes into the element that has the focus.
    pub fn write(&mut self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text }));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.browser.kill().ok();
        self.browser.wait().ok();
    }
}
