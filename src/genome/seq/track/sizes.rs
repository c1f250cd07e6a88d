//! Lengths of the chromosomes of intervals, for files that state them.

use crate::seq::{Genome, Intervals};
use std::collections::HashMap;

/// The lengths that a genome has, by the chromosome names of intervals.
pub fn of_genome(genome: &Genome, list: &Intervals) -> HashMap<String, u32> {
    let names = list.contigs.names();
    let chroms = genome.contigs.find_all(names);
    let sizes = names.iter().zip(chroms).filter_map(|(name, chrom)| {
        let (_, end) = genome.range(chrom?);
        Some((name.clone(), end as u32))
    });
    sizes.collect()
}

/// The lengths that intervals know.
pub fn known(list: &Intervals) -> HashMap<String, u32> {
    let lengths = list.contigs.names().iter().zip(list.contigs.lengths());
    lengths
        .filter(|(_, length)| **length > 0)
        .map(|(name, length)| (name.clone(), *length as u32))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::contigs::Contigs;
    use std::sync::Arc;

    #[test]
    fn sizes_have_the_names_of_the_intervals() {
        let names = vec!["1".into(), "2".into()];
        let list = Intervals::new(Arc::new(Contigs::new(names, vec![0, 7])), Vec::new());
        let genome = Genome::of_sequences(vec![("chr1".into(), vec![0; 5])]).expect("a genome");
        assert_eq!(of_genome(&genome, &list), HashMap::from([("1".into(), 5)]));
        assert_eq!(known(&list), HashMap::from([("2".into(), 7)]));
    }
}
