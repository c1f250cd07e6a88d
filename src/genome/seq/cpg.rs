//! CpG islands by the rule of Mocap (Chen et al. 2017): in a window of L bases, N(CpG)·L /
//! ((N(C)+N(G))/2)² > 0.6 and (N(C)+N(G)) / L > 0.5.

/// The form of the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// As published.
    #[default]
    Published,
    /// As in the code of DeepGRN: .001 is added to ((N(C)+N(G))/2)², and the second condition is
    /// (N(C)+N(G))/2 > 0.5, which any sequence with two C or G fulfils.
    Coded,
}

/// Whether the rule holds for counts of CpG, of C and G together, in `length` bases.
fn is_island(cpg: usize, strong: usize, length: usize, rule: Rule) -> bool {
    if strong == 0 || length == 0 {
        return false;
    }
    if rule == Rule::Coded {
        let half = strong as f64 / 2.0;
        return cpg as f64 * length as f64 / (half * half + 0.001) > 0.6 && half > 0.5;
    }
    let expected = (strong as f64 / 2.0).powi(2) / length as f64;
    cpg as f64 / expected > 0.6 && strong as f64 / length as f64 > 0.5
}

/// 1 for each position whose window (centred on it, cut at the ends, N left out) is a CpG island,
/// else 0.
pub fn islands(codes: &[u8], window: usize, rule: Rule) -> Vec<f32> {
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
                rule,
            )))
        })
        .collect()
}

/// Whether a whole sequence is a CpG island.
pub fn is_cpg_island(codes: &[u8], rule: Rule) -> bool {
    let strong = codes.iter().filter(|c| **c == 1 || **c == 2).count();
    let cpg = codes.windows(2).filter(|pair| *pair == [1, 2]).count();
    let length = codes.iter().filter(|c| **c < 4).count();
    is_island(cpg, strong, length, rule)
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

    fn is_cpg_island(codes: &[u8]) -> bool {
        super::is_cpg_island(codes, Rule::Published)
    }

    #[test]
    fn the_coded_rule_needs_two_strong_bases_only() {
        // CGAAAAAA: 1 CpG, 2 C+G: 8 / 1.001 > 0.6
        let codes = [1, 2, 0, 0, 0, 0, 0, 0];
        assert!(super::is_cpg_island(&codes, Rule::Coded) && !is_cpg_island(&codes));
        // no CpG
        assert!(!super::is_cpg_island(&[2; 8], Rule::Coded));
        assert!(!super::is_cpg_island(&[1, 0], Rule::Coded));
        assert_eq!(islands(&codes, 8, Rule::Coded)[3], 1.0);
    }

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
        let scores = islands(&codes, 20, Rule::Published);
        assert_eq!((scores[10], scores[60]), (0.0, 1.0));
        assert_eq!(scores.len(), 80);
    }
}
