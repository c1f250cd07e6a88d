//! Named labels of datasets, and what they become on the reverse strand.

use super::Dataset;
use crate::data::label_group::{LabelGroup, LabelStrand};
use cistron_base::{Result, bail};

impl Dataset {
    /// Groups labels under names, with what they become on the reverse strand.
    pub fn group_labels(&mut self, groups: Vec<LabelGroup>) -> Result<()> {
        let mut partners: Vec<usize> = Vec::with_capacity(self.tasks());
        for group in &groups {
            let start = partners.len();
            partners.extend(group.partners()?.into_iter().map(|i| start + i));
        }
        if partners.len() != self.tasks() {
            bail!(
                "data",
                "named labels have {} numbers in a row, the labels {}",
                partners.len(),
                self.tasks()
            );
        }
        let is_moved = partners
            .iter()
            .enumerate()
            .any(|(i, partner)| i != *partner);
        if is_moved {
            self.label_partners = Some(partners.into());
        }
        self.label_groups = groups.into();
        Ok(())
    }

    /// The number that each number of a named label becomes on the reverse strand; none where it
    /// is not stated.
    pub fn partners_named(&self, name: &str) -> Result<Option<Vec<usize>>> {
        let (Some(partners), Some(range)) = (
            &self.label_partners,
            LabelGroup::range(&self.label_groups, name),
        ) else {
            return Ok(None);
        };
        let own = &partners[range.clone()];
        if let Some(other) = own.iter().find(|partner| !range.contains(partner)) {
            bail!(
                "data",
                "label `{name}` becomes `{}` on the reverse strand, which is another output",
                self.label_names[*other];
                hint: "join the two strands in one label [2, …] that is \"stranded\""
            );
        }
        Ok(Some(own.iter().map(|i| i - range.start).collect()))
    }

    /// The first label of which it is not stated what it becomes on the reverse strand although
    /// that may change it: one of several axes, or one of several numbers beside such labels.
    pub fn unstated_label(&self) -> Option<&LabelGroup> {
        let groups = || self.label_groups.iter();
        if self.profile.is_some() {
            return None;
        }
        let is_profile =
            |group: &LabelGroup| group.shape.len() > 1 || group.strand != LabelStrand::Unstated;
        if !groups().any(is_profile) {
            return None;
        }
        groups().find(|group| group.strand == LabelStrand::Unstated && group.size() > 1)
    }

    /// The first label that is along the sequence and can only be reversed, not moved.
    pub fn fixed_label(&self) -> Option<&LabelGroup> {
        let is_along = |group: &&LabelGroup| {
            group.strand.is_along(&group.shape)
                || (group.strand == LabelStrand::Unstated && group.shape.len() > 1)
        };
        self.label_groups.iter().find(is_along)
    }
}
