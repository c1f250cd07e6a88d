//! The sockets of a kernel, served by a thread of their own: what asks for answers goes to the
//! interpreter's thread, and what cannot wait for it (heartbeats, interrupts, shutdown) is done at
//! once.

use crate::base::{Fault, Result, interrupt, threads};
use jupyter_protocol::{
    ConnectionInfo, InterruptReply, IoPubWelcome, JupyterMessage, JupyterMessageContent as Content,
    ShutdownReply, Status, Stdio, StreamContent,
};
use jupyter_zmq_client as zmq;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeromq::SocketRecv;

/// The most text of one message of a stream.
const STREAM: usize = 1 << 16;
/// How long running code may take to answer a shutdown.
const GRACE: Duration = Duration::from_secs(3);
/// The pause after a message that could not be read.
const PAUSE: Duration = Duration::from_millis(10);

/// How many signatures are remembered, as in Jupyter's own `Session.digest_history_size`.
const HISTORY: usize = 1 << 16;
/// What separates the addresses of a message from its signature.
const DELIMITER: &[u8] = b"<IDS|MSG>";

/// Where a message goes.
enum Out {
    Shell(JupyterMessage),
    Control(JupyterMessage),
    /// To all that watch.
    Public(JupyterMessage),
    /// Nowhere: it was the last.
    End,
}

/// What sends; cheap to copy.
#[derive(Clone)]
pub struct Outbox(UnboundedSender<Out>);

impl Outbox {
    // what cannot be sent any more has nobody to read it
    /// Answers a request of the shell.
    pub fn reply(&self, message: JupyterMessage) {
        self.0.send(Out::Shell(message)).ok();
    }

    /// Publishes a message to all subscribers.
    pub fn publish(&self, message: JupyterMessage) {
        self.0.send(Out::Public(message)).ok();
    }

    fn control(&self, message: JupyterMessage) {
        self.0.send(Out::Control(message)).ok();
    }
}

/// What arrives.
pub enum Request {
    /// A message of the shell.
    Shell(Box<JupyterMessage>),
    /// The kernel is to end.
    Shutdown,
}

/// The open sockets.
pub struct Wire {
    /// What sends.
    pub outbox: Outbox,
    /// What arrives.
    pub inbox: Receiver<Request>,
    thread: JoinHandle<()>,
}

impl Wire {
    /// Binds the sockets of a connection file and begins to serve them; `about` is
    /// the reply to information requests.
    pub fn open(info: ConnectionInfo, about: jupyter_protocol::KernelInfoReply) -> Result<Wire> {
        let (to_main, inbox) = channel();
        let (sender, outgoing) = unbounded_channel();
        let (is_bound, ready) = channel();
        let outbox = Outbox(sender);
        let replies = outbox.clone();
        let thread = threads::spawn("wire", move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            match runtime {
                Ok(runtime) => {
                    runtime.block_on(serve(info, about, is_bound, to_main, replies, outgoing))
                }
                Err(error) => is_bound.send(Err(error.to_string())).unwrap_or(()),
            }
        })?;
        match ready.recv() {
            Ok(Ok(())) => Ok(Wire {
                outbox,
                inbox,
                thread,
            }),
            Ok(Err(why)) => Err(Fault::new(
                "file",
                format!("the kernel cannot listen: {why}"),
            )),
            Err(_) => Err(Fault::new(
                "internal",
                "the kernel's sockets ended before they began",
            )),
        }
    }

    /// Sends what is left and closes.
    pub fn close(self) {
        self.outbox.0.send(Out::End).ok();
        self.thread.join().ok();
    }
}

struct Sockets {
    heartbeat: zmq::KernelHeartbeatConnection,
    shell: zmq::KernelShellConnection,
    control: zmq::KernelControlConnection,
    public: zmq::KernelIoPubXPubConnection,
    /// Held open: clients connect to it, and nothing here asks them for input.
    _input: zmq::KernelStdinConnection,
}

async fn bound(info: &ConnectionInfo, session: &str) -> zmq::Result<Sockets> {
    Ok(Sockets {
        heartbeat: zmq::create_kernel_heartbeat_connection(info).await?,
        shell: zmq::create_kernel_shell_connection(info, session).await?,
        control: zmq::create_kernel_control_connection(info, session).await?,
        public: zmq::create_kernel_iopub_xpub_connection(info, session).await?,
        _input: zmq::create_kernel_stdin_connection(info, session).await?,
    })
}

async fn serve(
    info: ConnectionInfo,
    about: jupyter_protocol::KernelInfoReply,
    is_bound: Sender<std::result::Result<(), String>>,
    to_main: Sender<Request>,
    outbox: Outbox,
    outgoing: UnboundedReceiver<Out>,
) {
    let session = format!("cistron-{}", std::process::id());
    let sockets = match bound(&info, &session).await {
        Ok(sockets) => sockets,
        Err(error) => return is_bound.send(Err(error.to_string())).unwrap_or(()),
    };
    is_bound.send(Ok(())).ok();
    let Sockets {
        mut heartbeat,
        shell,
        control,
        public,
        _input,
    } = sockets;
    let (shell_out, mut shell_in) = shell.split();
    let (control_out, mut control_in) = control.split();
    let beats = async {
        loop {
            if heartbeat.single_heartbeat().await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    // one history for both sockets: a message captured on one is refused on the other too
    let seen = RefCell::new(Signatures::default());
    let requests = async {
        loop {
            match read(&mut shell_in, &seen).await {
                Some(message) => drop(to_main.send(Request::Shell(Box::new(message)))),
                None => tokio::time::sleep(PAUSE).await,
            }
        }
    };
    let orders = async {
        loop {
            match read(&mut control_in, &seen).await {
                Some(message) => obey(&message, &about, &outbox, &to_main),
                None => tokio::time::sleep(PAUSE).await,
            }
        }
    };
    tokio::select! {
        () = beats => {},
        () = requests => {},
        () = orders => {},
        () = send(outgoing, shell_out, control_out, public) => {},
    }
}

/// The signatures of earlier messages: who replays a captured message repeats one of them.
#[derive(Default)]
struct Signatures {
    known: HashSet<Vec<u8>>,
    order: VecDeque<Vec<u8>>,
}

impl Signatures {
    /// Records a signature; false where it is known.
    fn is_new(&mut self, signature: Vec<u8>) -> bool {
        if !self.known.insert(signature.clone()) {
            return false;
        }
        self.order.push_back(signature);
        if self.order.len() > HISTORY
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// What a frontend leaves out of a request, filled in: the protocol's types want every key.
fn filled(kind: &str, mut content: Value) -> Value {
    let usual = match kind {
        "execute_request" => json!({ "code": "", "silent": false, "store_history": true }),
        "history_request" => {
            json!({
                "session": 0,
                "start": 0,
                "stop": i32::MAX,
                "n": 0,
                "pattern": "*",
                "unique": false,
                "output": false,
                "raw": true,
            })
        }
        _ => return content,
    };
    if let (Some(fields), Value::Object(usual)) = (content.as_object_mut(), usual) {
        for (key, value) in usual {
            let given = fields.entry(key).or_insert(Value::Null);
            if given.is_null() {
                *given = value;
            }
        }
    }
    content
}

/// The next message; none where it is broken, not signed or repeats the signature of an earlier
/// one.
async fn read(
    connection: &mut zmq::RouterRecvConnection,
    seen: &RefCell<Signatures>,
) -> Option<JupyterMessage> {
    let parts = connection.socket.recv().await.ok()?;
    let signature = parts
        .iter()
        .skip_while(|part| &part[..] != DELIMITER)
        .nth(1)
        .map(|part| part.to_vec());
    let raw = zmq::RawMessage::from_multipart(parts, &connection.mac).ok()?;
    if connection.mac.is_some() && !seen.borrow_mut().is_new(signature?) {
        return None;
    }
    let part = |i: usize| serde_json::from_slice::<Value>(&raw.jparts[i]).ok();
    let header = part(0)?;
    let content = filled(header["msg_type"].as_str().unwrap_or(""), part(3)?);
    let message = json!({
        "header": header,
        "parent_header": part(1)?,
        "metadata": part(2)?,
        "content": content,
    });
    Some(
        JupyterMessage::from_value(message)
            .ok()?
            .with_zmq_identities(raw.zmq_identities),
    )
}

/// Answers what may not wait until running code ends.
fn obey(
    message: &JupyterMessage,
    about: &jupyter_protocol::KernelInfoReply,
    outbox: &Outbox,
    to_main: &Sender<Request>,
) {
    outbox.publish(Status::busy().as_child_of(message));
    match &message.content {
        Content::InterruptRequest(_) => {
            interrupt::raise();
            outbox.control(InterruptReply::new().as_child_of(message));
        }
        Content::KernelInfoRequest(_) => outbox.control(about.as_child_of(message)),
        Content::ShutdownRequest(request) => {
            interrupt::raise();
            outbox.control(
                ShutdownReply {
                    restart: request.restart,
                    ..ShutdownReply::default()
                }
                .as_child_of(message),
            );
            to_main.send(Request::Shutdown).ok();
            // what does not answer an interrupt is ended
            let grace = threads::spawn("grace", || {
                std::thread::sleep(GRACE);
                std::process::exit(0);
            });
            if grace.is_err() {
                std::process::exit(0);
            }
        }
        _ => {}
    }
    outbox.publish(Status::idle().as_child_of(message));
}

async fn send(
    mut outgoing: UnboundedReceiver<Out>,
    mut shell: zmq::RouterSendConnection,
    mut control: zmq::RouterSendConnection,
    mut public: zmq::KernelIoPubXPubConnection,
) {
    let mut next = None;
    loop {
        let out = match next.take() {
            Some(out) => out,
            None => tokio::select! {
                out = outgoing.recv() => match out {
                    Some(out) => out,
                    None => return,
                },
                event = public.recv_subscription() => {
                    match event {
                        // clients that know of it wait for this word before they ask
                        Ok(zmq::SubscriptionEvent::Subscribe(topic)) => {
                            drop(public.send(IoPubWelcome::new(topic).into()).await)
                        }
                        Ok(zmq::SubscriptionEvent::Unsubscribe(_)) => {}
                        Err(_) => tokio::time::sleep(PAUSE).await,
                    }
                    continue;
                }
            },
        };
        // a client that is gone does not end the others' work
        match out {
            Out::Shell(message) => drop(shell.send(message).await),
            Out::Control(message) => drop(control.send(message).await),
            Out::Public(mut message) => {
                next = joined(&mut message, &mut outgoing);
                drop(public.send(message).await);
            }
            Out::End => return,
        }
    }
}

/// Adds to a piece of a stream what follows it of the same stream; what came after, where something
/// did.
fn joined(message: &mut JupyterMessage, outgoing: &mut UnboundedReceiver<Out>) -> Option<Out> {
    let parent = message
        .parent_header
        .as_ref()
        .map(|header| header.msg_id.clone());
    let Content::StreamContent(StreamContent { name, text }) = &mut message.content else {
        return None;
    };
    let is_same = |other: &Stdio| {
        matches!(
            (other, &*name),
            (Stdio::Stdout, Stdio::Stdout) | (Stdio::Stderr, Stdio::Stderr)
        )
    };
    while text.len() < STREAM {
        match outgoing.try_recv().ok()? {
            Out::Public(JupyterMessage {
                content: Content::StreamContent(more),
                parent_header,
                ..
            }) if is_same(&more.name)
                && parent_header.as_ref().map(|header| &header.msg_id) == parent.as_ref() =>
            {
                text.push_str(&more.text);
            }
            other => return Some(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_signature_is_refused_and_the_history_is_bounded() {
        let mut seen = Signatures::default();
        let of = |n: usize| n.to_le_bytes().to_vec();
        assert!(seen.is_new(of(0)) && !seen.is_new(of(0)));
        assert!((1..HISTORY + 1).all(|n| seen.is_new(of(n))));
        assert_eq!((seen.known.len(), seen.order.len()), (HISTORY, HISTORY));
        assert!(seen.is_new(of(0)) && !seen.is_new(of(2)));
    }
}
