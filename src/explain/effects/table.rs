//! Effects of variants as columns.

use cistron_base::Result;
use cistron_base::table::{Cells, Table};
use cistron_genome::seq::variants::{State, Variant};

/// Names of the numbers of a label.
const NUMBERS: [&str; 5] = [
    "reference_value",
    "alternate_value",
    "effect",
    "effect_forward",
    "effect_reverse",
];

/// The effect of one alternate allele.
pub struct Effect {
    /// The allele.
    pub variant: Variant,
    /// Whether the genome has its reference allele; only then are there numbers.
    pub state: State,
    /// For each label: value of the reference, of the alternate allele, effect, effect on the
    /// forward and on the reverse strand.
    pub numbers: Vec<[f64; 5]>,
}

/// Which numbers effects have.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// Number of labels.
    pub labels: usize,
    /// Whether there are effects of each strand.
    pub both_strands: bool,
}

/// A column of numbers.
pub(super) struct Column {
    /// Number of its label.
    label: usize,
    /// Which number of the label.
    number: usize,
    pub(super) name: String,
}

impl Column {
    /// The number of an effect.
    pub(super) fn of(&self, effect: &Effect) -> f64 {
        effect.numbers[self.label][self.number]
    }
}

impl Columns {
    /// The columns of all labels; the names of several labels end in their numbers.
    pub(super) fn list(&self) -> Vec<Column> {
        let count = if self.both_strands { 5 } else { 3 };
        let name = |label: usize, number: usize| match self.labels {
            1 => NUMBERS[number].to_string(),
            _ => format!("{}_{label}", NUMBERS[number]),
        };
        let column = |label: usize, number: usize| Column {
            label,
            number,
            name: name(label, number),
        };
        (0..self.labels)
            .flat_map(|label| (0..count).map(move |number| (label, number)))
            .map(|(label, number)| column(label, number))
            .collect()
    }
}

/// A table of effects: chrom, start, name, reference, alternate, state, and the numbers.
pub fn table(effects: &[Effect], columns: Columns) -> Result<Table> {
    let text = |of: fn(&Effect) -> String| Cells::Text(effects.iter().map(of).collect());
    let starts = effects.iter().map(|effect| effect.variant.start);
    let mut cells: Vec<(String, Cells)> = vec![
        ("chrom".into(), text(|e| e.variant.chrom.clone())),
        ("start".into(), Cells::Whole(starts.collect())),
        ("name".into(), text(|e| e.variant.name.clone())),
        ("reference".into(), text(|e| e.variant.reference.clone())),
        ("alternate".into(), text(|e| e.variant.alternate.clone())),
        ("state".into(), text(|e| e.state.word().into())),
    ];
    cells.extend(columns.list().into_iter().map(|column| {
        let numbers = effects.iter().map(|effect| column.of(effect)).collect();
        (column.name, Cells::Number(numbers))
    }));
    Table::new(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_name_their_labels() {
        let names = |labels, both_strands| {
            let columns = Columns {
                labels,
                both_strands,
            };
            let names = columns.list().into_iter().map(|column| column.name);
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(1, false), NUMBERS[..3]);
        assert_eq!(names(1, true), NUMBERS);
        assert_eq!(names(2, false)[3], "reference_value_1");
        assert_eq!(names(2, true).len(), 10);
    }
}
