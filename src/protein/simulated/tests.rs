use super::packing::CLASH;
use super::*;
use crate::point::distance;

fn few(seed: u64, length: (usize, usize)) -> Vec<Fold> {
    let settings = FoldSettings {
        length,
        depth: 20,
        seed,
        ..FoldSettings::default()
    };
    folds(3, &settings).expect("folds")
}

#[test]
fn chains_have_the_geometry_of_proteins() {
    for fold in few(1, (40, 70)) {
        let ca = fold.structure.ca();
        let letters = fold.secondary.as_bytes();
        let gap = |i: usize, k: usize| distance(ca[i], ca[i + k]);
        for i in 0..ca.len() - 1 {
            assert!((gap(i, 1) - 3.8).abs() < 0.01);
        }
        for i in 0..ca.len() {
            for j in i + 3..ca.len() {
                assert!(distance(ca[i], ca[j]) > CLASH);
            }
        }
        for i in 0..ca.len() - 4 {
            // one turn of a helix rises 6 Å; four residues of a strand are 13 Å
            match &letters[i..i + 5] {
                b"HHHHH" => assert!((gap(i, 4) - 6.2).abs() < 1.0, "{}", gap(i, 4)),
                b"EEEEE" => assert!((gap(i, 4) - 13.0).abs() < 1.5, "{}", gap(i, 4)),
                _ => {}
            }
        }
    }
}

#[test]
fn helices_touch_one_turn_on_and_folds_are_compact() {
    let (mut turns, mut helical) = (0, 0);
    for fold in few(2, (50, 70)) {
        let n = fold.structure.len();
        let map = crate::maps::contacts(&fold.structure.cb(), 8.0);
        assert!((0..n * n).all(|k| map[[k / n, k % n]] == map[[k % n, k / n]]));
        for i in 0..n - 4 {
            if &fold.secondary[i..i + 5] == "HHHHH" {
                helical += 1;
                turns += usize::from(map[[i, i + 4]]);
            }
        }
        let far = (0..n * n)
            .filter(|k| map[[k / n, k % n]] && k / n >= k % n + 12)
            .count();
        assert!(far > n / 4, "{far} contacts of {n} residues");
        let ca = fold.structure.ca();
        let middle = crate::point::center(&ca);
        let squares = ca
            .iter()
            .map(|at| distance(*at, middle).powi(2))
            .sum::<f64>();
        let radius = (squares / n as f64).sqrt();
        assert!(
            radius < 2.2 * (n as f64).powf(0.38) + 3.0,
            "{radius} Å for {n} residues"
        );
    }
    assert!(
        10 * turns >= 9 * helical && helical > 0,
        "{turns} of {helical}"
    );
}

#[test]
fn seeds_decide_and_each_fold_is_its_own() {
    let of = |seed| few(seed, (30, 40));
    let (first, again, other) = (of(5), of(5), of(6));
    for (a, b) in first.iter().zip(&again) {
        assert_eq!((&a.structure, &a.alignment), (&b.structure, &b.alignment));
    }
    assert_ne!(first[0].alignment, other[0].alignment);
    assert_ne!(first[0].alignment, first[1].alignment);
    // the first fold does not depend on how many there are
    let settings = FoldSettings {
        length: (30, 40),
        depth: 20,
        seed: 5,
        ..FoldSettings::default()
    };
    assert_eq!(
        folds(1, &settings).expect("a fold")[0].structure,
        first[0].structure
    );
}

#[test]
fn the_shortest_chains_fold() {
    for seed in 0..10 {
        for fold in few(seed, (SHORTEST, SHORTEST)) {
            assert_eq!(fold.structure.len(), SHORTEST);
            assert!(fold.secondary.contains(['H', 'E']), "{}", fold.secondary);
        }
    }
}

#[test]
fn core_residues_are_conserved_and_have_neighbours() {
    let settings = FoldSettings {
        length: (60, 60),
        depth: 200,
        core: 0.1,
        ..FoldSettings::default()
    };
    let own = &folds(1, &settings).expect("a fold")[0];
    assert_eq!(own.core.len(), 6);
    let shares = own.alignment.frequencies(&[1.0; 200]);
    let largest = |i: usize| {
        shares[21 * i..21 * i + 20]
            .iter()
            .copied()
            .fold(0.0, f64::max)
    };
    let mean = |rows: &[usize]| rows.iter().map(|i| largest(*i)).sum::<f64>() / rows.len() as f64;
    let others: Vec<usize> = (0..60).filter(|i| !own.core.contains(i)).collect();
    let (core, rest) = (mean(&own.core), mean(&others));
    assert!(core > 0.8 && core > rest + 0.2, "{core} {rest}");
    assert_eq!(own.alignment.text(0), own.structure.sequence());
}

#[test]
fn coupled_pairs_touch_and_vary_together() {
    let settings = FoldSettings {
        length: (40, 40),
        depth: 400,
        coupled: 1.0,
        core: 0.0,
        ..FoldSettings::default()
    };
    let own = &folds(1, &settings).expect("a fold")[0];
    assert!(own.core.is_empty() && !own.coupled.is_empty());
    let map = crate::coevolution::mean_field(&own.alignment, &[1.0; 400], 0.5).expect("couplings");
    let is_coupled = |i: usize, j: usize| own.coupled.contains(&(i, j));
    let mean = |wanted: bool| {
        let pairs = (0..40).flat_map(|i| (i + 4..40).map(move |j| (i, j)));
        let values: Vec<f64> = pairs
            .filter(|(i, j)| is_coupled(*i, *j) == wanted)
            .map(|(i, j)| map[[i, j]])
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    assert!(
        mean(true) > mean(false) + 0.05,
        "{} {}",
        mean(true),
        mean(false)
    );
}

#[test]
fn settings_out_of_range_are_errors() {
    let with = |change: &dyn Fn(&mut FoldSettings)| {
        let mut settings = FoldSettings::default();
        change(&mut settings);
        folds(1, &settings).is_err()
    };
    assert!(with(&|own| own.length = (SHORTEST - 1, 30)));
    assert!(with(&|own| own.length = (40, 30)));
    assert!(with(&|own| own.length = (40, LONGEST + 1)));
    assert!(with(&|own| own.depth = 0));
    assert!(with(&|own| own.core = 1.5));
    assert!(with(&|own| own.coupling = f64::NAN));
    assert!(
        folds(0, &FoldSettings::default())
            .expect("no folds")
            .is_empty()
    );
}
