use super::*;
use crate::statistics::{Alternative, auroc, ranks};
use crate::{Measure, Metric};
use cistron_base::seed::Rng;

fn settings() -> CompareSettings {
    CompareSettings {
        metric: Metric::new("auroc", Measure::Auroc),
        is_larger_better: true,
        level: 0.95,
        method: Method::Auto,
        adjustment: Adjustment::Holm,
        against: None,
        adds_seeds: false,
        resamples: 200,
        seed: 1,
    }
}

fn value(model: &str, set: &str, seed: &str, value: f64) -> Run {
    Run {
        model: model.into(),
        set: set.into(),
        seed: (!seed.is_empty()).then(|| seed.into()),
        outcome: Outcome::Value(value),
    }
}

fn rows(model: &str, set: &str, scores: &[f64], labels: &[f64]) -> Run {
    let outcome = Outcome::Rows {
        scores: scores.to_vec(),
        labels: labels.to_vec(),
    };
    Run {
        outcome,
        ..value(model, set, "", 0.0)
    }
}

/// Labels of which every third is 1, and scores that are higher there by `effect`.
fn scored(n: usize, effect: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut rng = Rng::keyed(&[seed]);
    let labels: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
    let scores = labels.iter().map(|y| rng.uniform() + effect * y).collect();
    (scores, labels)
}

fn message(runs: &[Run], settings: &CompareSettings) -> String {
    compare(runs, settings).unwrap_err().to_string()
}

#[test]
fn one_set_with_scores_gives_what_delong_gives() {
    let ((a, labels), (b, _)) = (scored(90, 0.6, 1), scored(90, 0.2, 2));
    let found = compare(
        &[rows("a", "s", &a, &labels), rows("b", "s", &b, &labels)],
        &settings(),
    )
    .unwrap();
    let positive: Vec<bool> = labels.iter().map(|y| *y > 0.5).collect();
    let wanted = auroc::delong(&a, &b, &positive, Alternative::TwoSided).unwrap();
    let got = &found.differences[0];
    assert_eq!(got.p_value, wanted.p_value);
    assert_eq!((got.adjusted, got.test), (wanted.p_value, Test::DeLong));
    let interval = auroc::interval(&a, &positive, 0.95).unwrap();
    assert_eq!(found.cells[0].interval, (interval.low, interval.high));
    assert!(found.pairs.is_empty() && found.notes[0].contains("one set"));
    assert!(found.verdict.starts_with("a has the best auroc on s"));
}

#[test]
fn the_bootstrap_agrees_with_delong_on_many_rows() {
    let ((a, labels), (b, _)) = (scored(600, 0.5, 3), scored(600, 0.3, 4));
    let runs = [rows("a", "s", &a, &labels), rows("b", "s", &b, &labels)];
    let by_rank = compare(&runs, &settings()).unwrap().differences[0].clone();
    let bootstrap = CompareSettings {
        method: Method::Bootstrap,
        resamples: 2000,
        ..settings()
    };
    let drawn = compare(&runs, &bootstrap).unwrap().differences[0].clone();
    assert_eq!(
        (drawn.difference, drawn.test),
        (by_rank.difference, Test::Bootstrap)
    );
    let width = by_rank.interval.1 - by_rank.interval.0;
    assert!((drawn.interval.0 - by_rank.interval.0).abs() < 0.1 * width);
    assert!((drawn.interval.1 - by_rank.interval.1).abs() < 0.1 * width);
}

#[test]
fn the_mean_over_seeds_is_one_area() {
    // equal scores of two seeds are those of one
    let ((a, labels), (b, _)) = (scored(60, 0.5, 5), scored(60, 0.4, 6));
    let once = [rows("a", "s", &a, &labels), rows("b", "s", &b, &labels)];
    let twice: Vec<Run> = [once.to_vec(), once.to_vec()].concat();
    let one = compare(&once, &settings()).unwrap();
    let two = compare(&twice, &settings()).unwrap();
    assert!((one.differences[0].p_value - two.differences[0].p_value).abs() < 1e-12);
    assert_eq!(two.differences[0].seed_sd, 0.0);
    assert!(
        two.notes
            .iter()
            .any(|note| note.contains("numbered in their order"))
    );
    // with trainings that differ, their variance widens the interval
    let (c, _) = scored(60, 0.9, 7);
    let varied = [&twice[..3], &[rows("b", "s", &c, &labels)]].concat();
    let fixed = compare(&varied, &settings()).unwrap().differences[0].clone();
    let sampled = CompareSettings {
        adds_seeds: true,
        ..settings()
    };
    let wide = compare(&varied, &sampled).unwrap().differences[0].clone();
    assert!(wide.p_value > fixed.p_value && wide.interval.0 < fixed.interval.0);
}

#[test]
fn values_are_compared_over_seeds_and_sets() {
    let mut runs = Vec::new();
    for (set, at) in [("s", 0.5), ("t", 0.6), ("u", 0.7)] {
        for (seed, by) in [("1", 0.0), ("2", 0.01), ("3", 0.03)] {
            runs.push(value("a", set, seed, at + by));
            runs.push(value("b", set, seed, at + 2.0 * by - 0.1));
            runs.push(value("c", set, seed, at + 3.0 * by - 0.2));
        }
    }
    let found = compare(&runs, &settings()).unwrap();
    assert_eq!(found.differences.len(), 9);
    assert!(
        found
            .differences
            .iter()
            .all(|own| own.test == Test::PairedSeeds)
    );
    assert_eq!((found.pairs[0].wins, found.pairs[0].losses), (3, 0));
    assert_eq!(found.pairs[0].p_value, 0.25);
    let ranked = found.ranked.unwrap();
    assert_eq!(ranked.friedman.ranks, [1.0, 2.0, 3.0]);
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.contains("at least 6 sets"))
    );
    let lower = CompareSettings {
        is_larger_better: false,
        against: Some("c".into()),
        ..settings()
    };
    let found = compare(&runs, &lower).unwrap();
    assert_eq!((found.differences.len(), found.pairs[0].losses), (6, 3));
    assert_eq!(found.ranked.unwrap().friedman.ranks, [3.0, 2.0, 1.0]);
}

#[test]
fn gaps_are_left_out_and_noted() {
    let runs = [
        value("a", "s", "1", 0.9),
        value("b", "s", "1", 0.8),
        value("a", "t", "1", 0.7),
        value("b", "t", "1", f64::NAN),
        value("a", "u", "1", 0.6),
        value("a", "u", "2", 0.7),
        value("b", "u", "1", 0.5),
    ];
    let found = compare(&runs, &settings()).unwrap();
    let has = |text: &str| found.notes.iter().any(|note| note.contains(text));
    assert!(has("b on t: auroc is NaN for seed 1, and is left out"));
    assert!(has("t: no value of b") && has("numbers of seeds differ (a 2, b 1)"));
    assert!(has("ranks are without 1 of 3 sets"));
    assert_eq!(found.pairs[0].sets, 2);
    assert_eq!((found.cells.len(), found.differences.len()), (5, 2));
    assert!(found.differences.iter().all(|own| own.test == Test::None));
}

#[test]
fn equal_models_differ_nowhere() {
    let (a, labels) = scored(30, 0.5, 8);
    let runs = [rows("a", "s", &a, &labels), rows("b", "s", &a, &labels)];
    let found = compare(&runs, &settings()).unwrap();
    assert_eq!(
        (
            found.differences[0].p_value,
            found.differences[0].difference
        ),
        (1.0, 0.0)
    );
    let sets = ["s", "t", "u"];
    let same: Vec<Run> = sets
        .iter()
        .flat_map(|set| ["a", "b", "c"].map(|model| value(model, set, "", 0.5)))
        .collect();
    let found = compare(&same, &settings()).unwrap();
    assert!(found.ranked.unwrap().friedman.p_value.is_nan());
    assert!(
        found
            .pairs
            .iter()
            .all(|pair| pair.p_value == 1.0 && pair.ties == 3)
    );
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.contains("equal on every set"))
    );
}

#[test]
fn what_cannot_be_compared_is_named() {
    let (a, labels) = scored(9, 0.5, 9);
    let one = rows("a", "s", &a, &labels);
    assert!(message(&[], &settings()).contains("no runs"));
    assert!(message(std::slice::from_ref(&one), &settings()).contains("two models"));
    let twice = [
        value("a", "s", "1", 0.1),
        value("a", "s", "1", 0.2),
        value("b", "s", "1", 0.3),
    ];
    assert!(message(&twice, &settings()).contains("two runs of a on s have the seed 1"));
    let mut other = labels.clone();
    other[4] = 1.0;
    let wrong = [one.clone(), rows("b", "s", &a, &other)];
    assert!(message(&wrong, &settings()).contains("differ at row 4: 0 of `a`, 1 of `b`"));
    let short = [one.clone(), rows("b", "s", &a[1..], &labels[1..])];
    assert!(message(&short, &settings()).contains("9 rows of `a` and 8 of `b`"));
    let ragged = [one.clone(), rows("b", "s", &a[1..], &labels)];
    assert!(message(&ragged, &settings()).contains("b on s: 8 scores for 9 labels"));
    let mut broken = a.clone();
    broken[0] = f64::NAN;
    let broken = [one.clone(), rows("b", "s", &broken, &labels)];
    assert!(message(&broken, &settings()).contains("b on s: 1 of 9 predictions are NaN"));
    let against = CompareSettings {
        against: Some("z".into()),
        ..settings()
    };
    let both = [one.clone(), rows("b", "s", &a, &labels)];
    assert!(message(&both, &against).contains("no model is called `z`; the models are a, b"));
    let delong = CompareSettings {
        metric: Metric::new("mse", Measure::Mse),
        method: Method::DeLong,
        ..settings()
    };
    assert!(message(&both, &delong).contains("areas under ROC curves"));
}

#[test]
fn p_values_over_sets_are_those_of_wilcoxon() {
    let gaps: Vec<f64> = (1..9).map(|i| 0.01 * f64::from(i) - 0.02).collect();
    let runs: Vec<Run> = gaps
        .iter()
        .enumerate()
        .flat_map(|(i, gap)| {
            let set = format!("s{i}");
            [value("a", &set, "", 0.5 + gap), value("b", &set, "", 0.5)]
        })
        .collect();
    let found = compare(&runs, &settings()).unwrap();
    let differences: Vec<f64> = gaps.iter().map(|gap| (0.5 + gap) - 0.5).collect();
    let wanted = ranks::wilcoxon(&differences, Alternative::TwoSided).unwrap();
    assert_eq!(found.pairs[0].p_value, wanted.p_value);
    assert!(found.notes.iter().any(|note| note.contains("equal values")));
}
