//! Groups of motifs that are alike.

use super::Motif;
use super::tomtom::{self, ComparisonOptions, Distance};
use cistron_base::Result;

/// Numbers of the motifs of each group, the largest group first, and in a group that with the most
/// information first.
///
/// Two motifs are joined where either finds the other with a p-value of at most `threshold`; groups
/// are what hangs together.
pub fn groups(motifs: &[Motif], distance: Distance, threshold: f64) -> Result<Vec<Vec<usize>>> {
    if motifs.is_empty() {
        return Ok(Vec::new());
    }
    let plan = ComparisonOptions::complete(distance);
    let mut root: Vec<usize> = (0..motifs.len()).collect();
    fn find(root: &mut [usize], mut i: usize) -> usize {
        while root[i] != i {
            root[i] = root[root[i]];
            i = root[i];
        }
        i
    }
    for m in tomtom::tomtom(motifs, motifs, &plan)?
        .iter()
        .filter(|m| m.p_value <= threshold)
    {
        let (a, b) = (find(&mut root, m.query), find(&mut root, m.target));
        root[a.max(b)] = a.min(b);
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); motifs.len()];
    for i in 0..motifs.len() {
        let own = find(&mut root, i);
        groups[own].push(i);
    }
    groups.retain(|group| !group.is_empty());
    for group in &mut groups {
        group.sort_by(|a, b| {
            motifs[*b]
                .total_information()
                .total_cmp(&motifs[*a].total_information())
        });
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    Ok(groups)
}
