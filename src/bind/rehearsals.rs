//! The trainings of a dry run, for commands that need the networks of a script.

use crate::lang::session;
use crate::nn::loss::Links;
use crate::train::{FitSettings, Networks};
use std::cell::{Cell, RefCell};

/// A training that a dry run reached.
#[derive(Clone)]
pub struct Rehearsal {
    /// The name of its folder of checkpoints; empty where it stores none.
    pub folder: String,
    /// Its networks.
    pub networks: Networks,
    /// The links of its loss, where it has one.
    pub links: Option<Links>,
}

/// The trainings of the session, where they are recorded.
#[derive(Default)]
struct Rehearsals {
    is_on: Cell<bool>,
    all: RefCell<Vec<Rehearsal>>,
}

/// Records the trainings of this session from here on.
pub fn start() {
    session::local::<Rehearsals>().is_on.set(true);
}

/// The recorded trainings of this session, in order.
pub fn take() -> Vec<Rehearsal> {
    session::local::<Rehearsals>().all.take()
}

/// Records a training of a dry run.
pub(super) fn note(networks: &Networks, settings: &FitSettings, has_loss: bool) {
    let rehearsals = session::local::<Rehearsals>();
    if !rehearsals.is_on.get() {
        return;
    }
    let policy = settings.checkpoints.as_ref();
    let folder = policy.and_then(|policy| policy.folder.file_name());
    rehearsals.all.borrow_mut().push(Rehearsal {
        folder: folder.unwrap_or_default().to_string_lossy().into_owned(),
        networks: networks.clone(),
        links: has_loss.then(|| settings.loss.links()),
    });
}
