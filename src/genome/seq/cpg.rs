//! CpG islands by the rule of Mocap (Chen et al. 2017): in a window of L bases, N(CpG)·L /
//! ((N(C)+N(G))/2)² > 0.6 and (N(C)+N(G)) / L > 0.5.

/// Whether the rule holds for counts of CpG, of C and G together, in `length` bases.
fn is_island(cpg: usize, strong: usize, length: usize) -> bool {
    if strong == 0 || length == 0 {
        return false;
    }
    let expected = (strong as f64 / 2.0).powi(2) / length as f64;
    cpg as f64 / expected > 0.6 && strong as f64 / length as f64 > 0.5
}

/// 1 for each position whose window (centred on it, cut at the ends, N left out) is a CpG island,
/// else 0.
pub fn islands(codes: &[u8], window: usize) -> Vec<f32> {
    let n = codes.len();
    let strong = prefix(codes.iter().map(|c| usize::from(*c == 1 || *c == 2)));
    let known = prefix(codes.iter().map(|c| usize::from(*c < 4)));
    // a CpG counts where it starts
    let cpg = prefix((0..n).map(|i| usize::from(codes[i] == 1 && codes.get(i + 1) == Some(&2))));
    (0..n)
        .map(|i| {
            let (from, to) = (
                i.saturating_sub(window / 2),
                (i + window.div_ceil(2)).min(n),
            );
            let pairs = cpg[to.saturating_sub(1).max(from)] - cpg[from];
            f32::from(u8::from(is_island(
                pairs,
                strong[to] - strong[from],
                known[to] - known[from],
            )))
        })
        .collect()
}

/// Whether a whole sequence is a CpG island.
pub fn is_cpg_island(codes: &[u8]) -> bool {
    let strong = codes.iter().filter(|c| **c == 1 || **c == 2).count();
    let cpg = codes.windows(2).filter(|pair| *pair == [1, 2]).count();
    is_island(cpg, strong, codes.iter().filter(|c| **c < 4).count())
}

fn prefix(counts: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut out = vec![0];
    let mut sum = 0;
    out.extend(counts.map(|n| {
        sum += n;
        sum
    }));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn islands_by_hand() {
        // CGCGCGCG: 4 CpG, 8 C+G in 8 bases: 4 * 8 / 16 = 2
        assert!(is_cpg_island(&[1, 2, 1, 2, 1, 2, 1, 2]));
        // GCGC CCGG has 1 CpG in the first four and one in the last: 2 * 8 / 16 = 1
        assert!(is_cpg_island(&[2, 1, 2, 1, 1, 1, 2, 2]));
        // all G: no CpG
        assert!(!is_cpg_island(&[2; 8]));
        // half of the bases at most are C or G
        assert!(!is_cpg_island(&[1, 2, 0, 0]));
        let mut codes = vec![0u8; 40];
        codes.extend([1, 2].repeat(20));
        let scores = islands(&codes, 20);
        assert_eq!((scores[10], scores[60]), (0.0, 1.0));
        assert_eq!(scores.len(), 80);
    }
}
