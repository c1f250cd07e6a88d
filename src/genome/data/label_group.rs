//! Named labels of any shape: consecutive columns of the label matrix.

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
    pub fn is_along(self, shape: &[usize]) -> bool {
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
    pub fn partners(&self) -> Result<Vec<usize>> {
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
                        "label `{}` {} is \"stranded\": it must be [channels] or \
                        [channels, length] with pairs of channels, plus and minus",
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
                    .map(|i| ((i / width) ^ 1) * width + place(i % width))
                    .collect())
            }
        }
    }
}
