//! Values that a sample takes from other rows.

use super::peers::Place;
use super::sample::Sample;
use cistron_base::Result;

impl Sample {
    /// Takes the values of an input from another row.
    pub fn take(&mut self, name: &str, row: u32) -> Result<()> {
        let Some(peers) = &self.peers else {
            return Ok(());
        };
        match peers.place(name) {
            Some(Place::Sequence(at)) => {
                let (margin, epoch) = (self.margin, self.epoch);
                let codes = peers.codes(name, row, margin, epoch, &mut self.shuffler)?;
                self.sequences[at] = codes;
            }
            Some(Place::Signal(at)) => {
                self.signals[at].values = peers.numbers(name, row, self.margin)?;
            }
            None => {}
        }
        Ok(())
    }

    /// The numbers of an input by name.
    pub fn named(&mut self, name: &str) -> Option<&mut Vec<f32>> {
        match self.peers.as_ref()?.place(name)? {
            Place::Signal(at) => self.signals.get_mut(at).map(|signal| &mut signal.values),
            Place::Sequence(_) => None,
        }
    }
}
