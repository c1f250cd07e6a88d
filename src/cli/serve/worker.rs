//! The thread of the network: rows of all waiting requests are computed together.

use super::inputs::{Inputs, Row};
use super::limits::WAITING;
use super::network::Network;
use super::refusal::Refusal;
use crate::base::panic::guarded;
use crate::base::{Fault, Result};
use hyper::StatusCode;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use tokio::sync::oneshot;

/// What a task may use.
pub struct Served {
    /// The network.
    pub network: Rc<Network>,
    /// What its inputs are made of.
    pub inputs: Inputs,
}

/// Work on the network that is no batch of rows.
type Task = Box<dyn FnOnce(&Served) + Send>;

/// What the thread of the network is asked for.
enum Job {
    /// Predictions of rows.
    Rows(Vec<Row>, oneshot::Sender<Result<Vec<f64>>>),
    /// Something else.
    Task(Task),
}

/// Where requests wait for the network.
#[derive(Clone)]
pub struct Queue(SyncSender<Job>);

/// The other end of a queue.
pub struct Jobs(Receiver<Job>);

/// A queue and its other end.
pub fn queue() -> (Queue, Jobs) {
    let (sender, receiver) = sync_channel(WAITING);
    (Queue(sender), Jobs(receiver))
}

impl Queue {
    fn send(&self, job: Job) -> std::result::Result<(), Refusal> {
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                format!("{WAITING} requests are waiting already; try again in a few seconds"),
            ),
            TrySendError::Disconnected(_) => {
                Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the server is ending")
            }
        })
    }

    /// Predictions of rows.
    pub async fn predict(&self, rows: Vec<Row>) -> std::result::Result<Vec<f64>, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Rows(rows, reply))?;
        received(answer.await)
    }

    /// The result of a function that is run with the network.
    pub async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Served) -> Result<T> + Send + 'static,
    ) -> std::result::Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Task(Box::new(move |served| {
            if !reply.is_closed() {
                reply.send(safely(|| task(served))).ok();
            }
        })))?;
        received(answer.await)
    }
}

fn received<T>(
    answer: std::result::Result<Result<T>, oneshot::error::RecvError>,
) -> std::result::Result<T, Refusal> {
    match answer {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is ending",
        )),
    }
}

/// The outcome of a function; a panic is a fault.
fn safely<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    guarded(run).unwrap_or_else(|_| {
        let text = crate::base::panic::last();
        crate::errln!("error[internal]: {text}");
        Err(Fault::new("internal", "the network could not be run"))
    })
}

/// Rows of a request, some of which are predicted.
struct Pending {
    rows: Vec<Row>,
    done: Vec<f64>,
    count: usize,
    reply: oneshot::Sender<Result<Vec<f64>>>,
}

/// Runs jobs until all ends of the queue are dropped and nothing waits.
pub fn work(served: &Served, jobs: &Jobs) {
    let (mut pending, mut tasks) = (VecDeque::new(), VecDeque::new());
    let accept = |job, pending: &mut VecDeque<Pending>, tasks: &mut VecDeque<Task>| match job {
        Job::Task(task) => tasks.push_back(task),
        Job::Rows(rows, reply) => pending.push_back(Pending {
            rows,
            done: Vec::new(),
            count: 0,
            reply,
        }),
    };
    loop {
        if pending.is_empty() && tasks.is_empty() {
            match jobs.0.recv() {
                Ok(job) => accept(job, &mut pending, &mut tasks),
                Err(_) => return,
            }
        }
        while let Ok(job) = jobs.0.try_recv() {
            accept(job, &mut pending, &mut tasks);
        }
        step(served, &mut pending);
        if let Some(task) = tasks.pop_front() {
            task(served);
        }
    }
}

/// Computes one batch, to which each waiting request contributes the same number of rows, and
/// answers those that are complete.
fn step(served: &Served, pending: &mut VecDeque<Pending>) {
    // clients that went away need no answer
    pending.retain(|own| !own.reply.is_closed());
    if pending.is_empty() {
        return;
    }
    let most = served.inputs.largest_batch();
    let share = (most / pending.len()).max(1);
    let ends: Vec<usize> = pending
        .iter()
        .map(|own| own.rows.len().min(own.count + share))
        .collect();
    let batch: Vec<&Row> = pending
        .iter()
        .zip(&ends)
        .flat_map(|(own, end)| &own.rows[own.count..*end])
        .collect();
    let outcome = safely(|| predicted(served, &batch));
    let values = match outcome {
        Ok(values) => values,
        Err(fault) => {
            for own in pending.drain(..) {
                own.reply.send(Err(fault.clone())).ok();
            }
            return;
        }
    };
    let mut values = values.into_iter();
    for (own, end) in pending.iter_mut().zip(ends) {
        let count = (end - own.count) * served.network.width;
        own.done.extend(values.by_ref().take(count));
        own.count = end;
    }
    for _ in 0..pending.len() {
        let Some(own) = pending.pop_front() else {
            break;
        };
        if own.count < own.rows.len() {
            pending.push_back(own);
        } else {
            own.reply.send(Ok(own.done)).ok();
        }
    }
}

/// Predictions of rows, which are at most a batch.
fn predicted(served: &Served, rows: &[&Row]) -> Result<Vec<f64>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    served.network.predict(&served.inputs.value(rows)?)
}

/// Predictions of any number of rows, before requests are answered.
pub fn predict_all(served: &Served, rows: &[Row]) -> Result<Vec<f64>> {
    let mut out = Vec::new();
    for chunk in rows.chunks(served.inputs.largest_batch()) {
        out.extend(predicted(served, &chunk.iter().collect::<Vec<_>>())?);
    }
    Ok(out)
}
