//! Counts of the passes over the datasets that a script holds.

use crate::bind::types::Data;
use crate::data::Dataset;
use crate::lang::session;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// Passes over a dataset with a seed, which are counted as long as a script holds the dataset.
type Counted = (Weak<Dataset>, u64, Rc<Cell<u64>>);

/// The count of passes over a dataset, by a hash of it, with a seed.
pub type Passes = (String, u64, u64);

/// The counts of the session.
#[derive(Default)]
struct Counts {
    begun: RefCell<Vec<Counted>>,
    /// Counts that a checkpoint holds of datasets over which no pass has begun yet.
    restored: RefCell<Vec<Passes>>,
}

fn counts() -> Rc<Counts> {
    session::local()
}

/// The counts of passes over datasets that a script holds.
pub fn saved() -> Vec<Passes> {
    let counted = |(set, seed, count): &Counted| {
        Some((
            crate::train::identity::digest(&*set.upgrade()?),
            *seed,
            count.get(),
        ))
    };
    let counts = counts();
    let begun: Vec<Passes> = counts.begun.borrow().iter().filter_map(counted).collect();
    let is_waiting = |(set, seed, _): &&Passes| {
        !begun
            .iter()
            .any(|other| other.0 == *set && other.1 == *seed)
    };
    let restored = counts.restored.borrow();
    let waiting: Vec<Passes> = restored.iter().filter(is_waiting).cloned().collect();
    [begun, waiting].concat()
}

/// Restores counts of a checkpoint.
pub fn restore(restored: Vec<Passes>) {
    let counts = counts();
    for (set, seed, count) in counts.begun.borrow().iter() {
        let Some(set) = set.upgrade() else { continue };
        let digest = crate::train::identity::digest(&set);
        restored
            .iter()
            .filter(|passes| passes.0 == digest && passes.1 == *seed)
            .for_each(|passes| count.set(passes.2));
    }
    counts.restored.replace(restored);
}

/// The count of passes over a dataset with a seed.
pub fn count_of(set: &Data, seed: u64) -> Rc<Cell<u64>> {
    let counts = counts();
    let mut begun = counts.begun.borrow_mut();
    begun.retain(|(set, ..)| set.strong_count() > 0);
    let known = begun
        .iter()
        .find(|(other, of, _)| *of == seed && std::ptr::eq(other.as_ptr(), Rc::as_ptr(&set.0)));
    if let Some((_, _, count)) = known {
        return count.clone();
    }
    let mut restored = counts.restored.borrow_mut();
    let done = if restored.is_empty() {
        0
    } else {
        let digest = crate::train::identity::digest(&set.0);
        restored
            .iter()
            .position(|passes| passes.0 == digest && passes.1 == seed)
            .map_or(0, |at| restored.remove(at).2)
    };
    let count = Rc::new(Cell::new(done));
    begun.push((Rc::downgrade(&set.0), seed, count.clone()));
    count
}

/// Restores the counts of passes where it is dropped.
pub struct Kept(Vec<(Rc<Cell<u64>>, u64)>);

/// Lets a trial of a search begin with the counts of passes that the search began with: what it
/// draws does not depend on the trials before it, which another process may have run.
pub fn kept() -> Kept {
    let counts = counts();
    let begun = counts.begun.borrow();
    Kept(
        begun
            .iter()
            .map(|(_, _, count)| (count.clone(), count.get()))
            .collect(),
    )
}

impl Drop for Kept {
    fn drop(&mut self) {
        let counts = counts();
        for (_, _, count) in counts.begun.borrow().iter() {
            let known = self.0.iter().find(|(own, _)| Rc::ptr_eq(own, count));
            count.set(known.map_or(0, |(_, value)| *value));
        }
    }
}
