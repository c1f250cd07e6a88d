//! Named labels of any shape: consecutive columns of the label matrix.

use super::Dataset;
use cistron_base::{Result, bail, shape};
use std::ops::Range;

/// What a label becomes where its row is reverse-complemented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LabelStrand {
    /// It is not stated.
    #[default]
    Unstated,
    /// It does not depend on the strand.
    Features,
    /// Its last axis is along the sequence and is reversed.
    Track,
    /// Its first axis has pairs of strands, plus and minus, which are exchanged; a last axis after
    /// it is along the sequence and is reversed.
    Stranded,
}

impl LabelStrand {
    /// Its name in options and files; empty where it is not stated.
    pub fn name(self) -> &'static str {
        match self {
            LabelStrand::Unstated => "",
            LabelStrand::Features => "features",
            LabelStrand::Track => "track",
            LabelStrand::Stranded => "stranded",
        }
    }

    /// That of a name.
    pub fn named(name: &str) -> LabelStrand {
        use LabelStrand::{Features, Stranded, Track, Unstated};
        [Features, Track, Stranded]
            .into_iter()
            .find(|strand| strand.name() == name)
            .unwrap_or(Unstated)
    }

    /// Whether it is along the sequence.
    fn is_along(self, shape: &[usize]) -> bool {
        match self {
            LabelStrand::Track => true,
            LabelStrand::Stranded => shape.len() > 1,
            _ => false,
        }
    }
}

/// A named label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelGroup {
    /// Its name, which is that of the output that it is compared with.
    pub name: String,
    /// Its shape in a row, such as `[2, 1000]`; `[1]` of one number.
    pub shape: Vec<usize>,
    /// What it becomes on the reverse strand.
    pub strand: LabelStrand,
}

impl LabelGroup {
    /// A label of one number for each name.
    pub fn single(names: &[String]) -> Vec<LabelGroup> {
        let group = |name: &String| LabelGroup {
            name: name.clone(),
            shape: vec![1],
            strand: LabelStrand::Unstated,
        };
        names.iter().map(group).collect()
    }

    /// Numbers in a row.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The columns of the label matrix that a group has.
    pub fn range(groups: &[LabelGroup], name: &str) -> Option<Range<usize>> {
        let mut start = 0;
        for group in groups {
            if group.name == name {
                return Some(start..start + group.size());
            }
            start += group.size();
        }
        None
    }

    /// In words: `profile [2, 1000]`.
    pub fn text(&self) -> String {
        format!("{} {}", self.name, self.shape_text())
    }

    /// Its shape in words: `[2, 1000]`.
    pub fn shape_text(&self) -> String {
        let sizes: Vec<i64> = self.shape.iter().map(|n| *n as i64).collect();
        shape::text(&sizes)
    }

    /// The number that each of its numbers becomes on the reverse strand.
    fn partners(&self) -> Result<Vec<usize>> {
        let (shape, n) = (&self.shape, self.size());
        let last = shape.last().copied().unwrap_or(1);
        match self.strand {
            LabelStrand::Unstated | LabelStrand::Features => Ok((0..n).collect()),
            LabelStrand::Track => Ok((0..n)
                .map(|i| i / last * last + (last - 1 - i % last))
                .collect()),
            LabelStrand::Stranded => {
                let channels = shape.first().copied().unwrap_or(0);
                if channels % 2 == 1 || shape.len() > 2 {
                    bail!(
                        "shape",
                        "label `{}` {} is \"stranded\": it must be [channels] or [channels, length] \
                        with pairs of channels, plus and minus",
                        self.name,
                        self.shape_text()
                    );
                }
                let width = n / channels.max(1);
                let place = |i: usize| match shape.len() {
                    1 => i,
                    _ => width - 1 - i,
                };
                Ok((0..n)
                    .map(|i| (i / width ^ 1) * width + place(i % width))
                    .collect())
            }
        }
    }
}

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
