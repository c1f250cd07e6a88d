//! Levels of numbers: k-means in one dimension, solved exactly.

/// The level of each number, from 0 (lowest), of `count` levels with the smallest sum of squared
/// distances from their means. Equal numbers share a level; fewer levels where fewer numbers
/// differ.
pub fn levels(values: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    // runs of equal numbers: value and how many
    let mut runs: Vec<(f64, f64)> = Vec::new();
    let mut run_of = vec![0; values.len()];
    for row in &order {
        match runs.last_mut() {
            Some((value, n)) if *value == values[*row] => *n += 1.0,
            _ => runs.push((values[*row], 1.0)),
        }
        run_of[*row] = runs.len() - 1;
    }
    let starts = starts(&runs, count.clamp(1, runs.len().max(1)));
    let level = |run: usize| starts.iter().filter(|start| **start <= run).count() - 1;
    run_of.into_iter().map(level).collect()
}

/// The first run of each level, by dynamic programming.
fn starts(runs: &[(f64, f64)], count: usize) -> Vec<usize> {
    let n = runs.len();
    let centre = runs.iter().map(|(x, w)| x * w).sum::<f64>()
        / runs.iter().map(|(_, w)| w).sum::<f64>().max(1.0);
    let (mut weights, mut sums, mut squares) = (vec![0.0], vec![0.0], vec![0.0]);
    for (i, (x, w)) in runs.iter().enumerate() {
        let x = x - centre;
        weights.push(weights[i] + w);
        sums.push(sums[i] + w * x);
        squares.push(squares[i] + w * x * x);
    }
    let cost = |from: usize, to: usize| {
        let (w, s) = (weights[to] - weights[from], sums[to] - sums[from]);
        (squares[to] - squares[from] - s * s / w).max(0.0)
    };
    let mut best: Vec<f64> = (0..=n)
        .map(|to| if to == 0 { 0.0 } else { cost(0, to) })
        .collect();
    let mut from = vec![vec![0; n + 1]];
    for _ in 1..count {
        let mut next = vec![f64::INFINITY; n + 1];
        let mut own = vec![0; n + 1];
        for to in 1..=n {
            for (start, before) in best.iter().enumerate().take(to).skip(1) {
                let total = before + cost(start, to);
                if total < next[to] {
                    (next[to], own[to]) = (total, start);
                }
            }
        }
        best = next;
        from.push(own);
    }
    let mut starts = Vec::new();
    let mut end = n;
    for own in from.iter().rev() {
        end = own[end];
        starts.push(end);
    }
    starts.reverse();
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    #[test]
    fn levels_are_in_the_order_of_the_numbers() {
        assert_eq!(
            levels(&[5.0, 0.0, 5.1, 9.0, 0.1, 9.2], 3),
            [1, 0, 1, 2, 0, 2]
        );
        assert_eq!(levels(&[2.0, 1.0, 2.0], 3), [1, 0, 1]);
        assert_eq!(levels(&[4.0; 4], 3), [0; 4]);
        assert_eq!(levels(&[1.0], 3), [0]);
        assert!(levels(&[], 3).is_empty());
    }

    /// No other cuts have a smaller sum of squares.
    #[test]
    fn the_sum_of_squares_is_smallest() {
        for case in 0..300 {
            let mut rng = Rng::keyed(&[case, 5]);
            let x: Vec<f64> = (0..4 + rng.below(8))
                .map(|_| rng.below(20) as f64 / 4.0)
                .collect();
            let sum = |levels: &[usize]| {
                let of = |level| {
                    let own: Vec<f64> = x
                        .iter()
                        .zip(levels)
                        .filter(|(_, l)| **l == level)
                        .map(|(x, _)| *x)
                        .collect();
                    if own.is_empty() {
                        0.0
                    } else {
                        cistron_metrics::statistics::squares(&own)
                    }
                };
                (0..3).map(of).sum::<f64>()
            };
            let found = sum(&levels(&x, 3));
            for low in &x {
                for high in &x {
                    let cut: Vec<usize> = x
                        .iter()
                        .map(|v| usize::from(v > low) + usize::from(v > low && v > high))
                        .collect();
                    assert!(found <= sum(&cut) + 1e-9, "case {case}: {x:?}");
                }
            }
        }
    }
}
