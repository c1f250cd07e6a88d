use super::*;
use crate::data::{Column, Input};
use crate::seq::Motif;
use cistron_base::seed::Rng;
use std::sync::Arc;

/// Sequences whose positives hold a word; `gc` is the share of G and C in positives.
fn simulated(rng: &mut Rng, n: usize, gc: f64, word: &[u8]) -> Vec<(Vec<u8>, f32)> {
    (0..n)
        .map(|i| {
            let is_positive = i % 2 == 0;
            let share = if is_positive { gc } else { 0.5 };
            let mut codes: Vec<u8> = (0..100)
                .map(|_| {
                    let strong = rng.uniform() < share;
                    match (strong, rng.below(2)) {
                        (true, 0) => 1,
                        (true, _) => 2,
                        (false, 0) => 0,
                        (false, _) => 3,
                    }
                })
                .collect();
            if is_positive && !word.is_empty() {
                let at = rng.below(100 - word.len());
                codes[at..at + word.len()].copy_from_slice(word);
            }
            (codes, f32::from(u8::from(is_positive)))
        })
        .collect()
}

fn dataset(rows: &[(Vec<u8>, f32)]) -> Dataset {
    let codes: Vec<u8> = rows.iter().flat_map(|(codes, _)| codes.clone()).collect();
    let column = Column::Sequence {
        codes: Arc::new(codes),
        length: 100,
    };
    let labels = rows.iter().map(|(_, label)| *label).collect();
    let inputs = vec![Input::new("sequence", column)];
    Dataset::new(inputs, vec!["bound".into()], labels).expect("a dataset")
}

fn settings() -> AuditSettings {
    AuditSettings {
        similarity: Similarity::default(),
        label: 0,
        threshold: 0.5,
        kmers: Vec::new(),
        motifs: Vec::new(),
        replicates: Vec::new(),
        entities: Vec::new(),
        predictions: None,
        seed: 1,
    }
}

fn named<'a>(audit: &'a Audit, name: &str) -> &'a Baseline {
    let found = audit.baselines.iter().find(|own| own.name == name);
    found.expect("a baseline")
}

const WORD: [u8; 8] = [0, 2, 3, 1, 0, 0, 2, 3];

#[test]
fn a_clean_set_a_leak_and_a_shortcut_are_told_apart() {
    let mut rng = Rng::keyed(&[0x6175_6469]);
    let train = simulated(&mut rng, 1200, 0.5, &WORD);
    let test = simulated(&mut rng, 600, 0.5, &WORD);
    let clean = audit(&dataset(&train), &dataset(&test), &settings()).expect("an audit");
    assert!(clean.verdict.is_fair, "{}", clean.verdict.text);
    assert_eq!(clean.leaks.count(), 0);
    assert!(
        named(&clean, "kmers").auroc > 0.8,
        "{}",
        named(&clean, "kmers").auroc
    );
    assert!(named(&clean, "gc").auroc < 0.6);
    assert_eq!(clean.labels.positives, 600);
    assert_eq!(clean.learning.len(), 3);
    assert!(clean.learning[2].auroc > clean.learning[0].auroc);

    let mut leaking = test.clone();
    for i in 0..60 {
        let (mut codes, label) = train[i * 3].clone();
        match i % 3 {
            0 => {}
            1 => codes = codes.iter().rev().map(|code| 3 - code).collect(),
            _ => {
                codes.rotate_left(10);
                codes[20] = 3 - codes[20];
            }
        }
        leaking[i] = (codes, label);
    }
    let found = audit(&dataset(&train), &dataset(&leaking), &settings()).expect("an audit");
    assert!(!found.verdict.is_fair);
    let Leaks {
        duplicates,
        reverse_complements,
        similar,
        ..
    } = found.leaks;
    let counts = (duplicates, reverse_complements, similar);
    assert_eq!(counts, (20, Some(20), Some(20)));
    let kmers = named(&found, "kmers");
    assert!(kmers.without_leaks.is_finite() && kmers.precision_without_leaks.is_finite());
    assert!(
        found.verdict.text.starts_with("10.0 % of the test rows"),
        "{}",
        found.verdict.text
    );

    let train = simulated(&mut rng, 1200, 0.65, &[]);
    let test = simulated(&mut rng, 600, 0.65, &[]);
    let found = audit(&dataset(&train), &dataset(&test), &settings()).expect("an audit");
    assert!(!found.verdict.is_fair);
    assert_eq!(found.leaks.count(), 0);
    assert!(named(&found, "gc").auroc > 0.9);
    assert!(
        found.verdict.text.contains("alone reaches"),
        "{}",
        found.verdict.text
    );
}

#[test]
fn contradictions_bound_the_accuracy() {
    let mut rng = Rng::keyed(&[0x636f_6e74]);
    let mut train = simulated(&mut rng, 100, 0.5, &WORD);
    let twin = train[0].0.iter().rev().map(|code| 3 - code).collect();
    train[1] = (twin, 0.0);
    train[3] = train[5].clone();
    train[7].1 = f32::NAN;
    let test = simulated(&mut rng, 100, 0.5, &WORD);
    let found = audit(&dataset(&train), &dataset(&test), &settings()).expect("an audit");
    let LabelReport {
        undefined,
        duplicates,
        contradictions,
        ceiling,
        ..
    } = found.labels;
    assert_eq!((undefined, duplicates, contradictions), (1, 2, 2));
    assert!((ceiling - (1.0 - 1.0 / 99.0)).abs() < 1e-9);
}

#[test]
fn predictions_of_a_network_are_compared_with_the_best_baseline() {
    let mut rng = Rng::keyed(&[0x6e65_7477]);
    let train = simulated(&mut rng, 400, 0.5, &WORD);
    let test = simulated(&mut rng, 300, 0.5, &WORD);
    let scores = test
        .iter()
        .map(|(_, label)| f64::from(*label) + rng.uniform() * 1.2);
    let with = AuditSettings {
        predictions: Some(scores.collect()),
        motifs: vec![Motif::from_consensus("planted", "AGTCAAGT").expect("a motif")],
        entities: vec![Entity {
            name: "cell".into(),
            train: vec!["a".into(); 400],
            test: (0..300)
                .map(|i| if i < 30 { "a" } else { "b" }.to_string())
                .collect(),
        }],
        ..settings()
    };
    let found = audit(&dataset(&train), &dataset(&test), &with).expect("an audit");
    assert!(named(&found, "motif").auroc > 0.9);
    let gain = found.verdict.gain.clone().expect("a gain");
    let best = named(&found, &gain.over).auroc;
    assert!((gain.difference - (named(&found, "network").auroc - best)).abs() < 1e-6);
    assert!(gain.interval.0 < gain.difference && gain.difference < gain.interval.1);
    assert_eq!(found.leaks.shared[0].rows, 30);
    assert_eq!(found.leaks.shared[0].values, ["a"]);
    let few = AuditSettings {
        predictions: Some(vec![0.0; 3]),
        ..settings()
    };
    assert!(audit(&dataset(&train), &dataset(&test), &few).is_err());
    let other = AuditSettings {
        label: 1,
        ..settings()
    };
    assert!(audit(&dataset(&train), &dataset(&test), &other).is_err());
}

/// A dataset of numbers, `[rows, width]`.
fn of_numbers(rows: &[(Vec<f32>, f32)]) -> Dataset {
    let column = Column::Dense {
        values: Arc::new(rows.iter().flat_map(|(own, _)| own.clone()).collect()),
        shape: vec![rows[0].0.len()],
    };
    let labels = rows.iter().map(|(_, label)| *label).collect();
    Dataset::new(vec![Input::new("x", column)], vec!["edge".into()], labels).expect("a dataset")
}

/// Pairs of a factor and a gene: the label depends on the factor alone.
#[test]
fn an_entity_that_predicts_labels_is_a_shortcut() {
    let mut rng = Rng::keyed(&[0x656e_7469]);
    let mut pairs = |n: usize| {
        let mut factors = Vec::new();
        let rows: Vec<(Vec<f32>, f32)> = (0..n)
            .map(|_| {
                let factor = rng.below(20);
                factors.push(format!("tf{factor}"));
                let is_edge = rng.uniform() < if factor < 10 { 0.95 } else { 0.05 };
                let numbers = (0..4).map(|_| rng.normal() as f32).collect();
                (numbers, f32::from(u8::from(is_edge)))
            })
            .collect();
        (rows, factors)
    };
    let (train, train_factors) = pairs(800);
    let (mut test, test_factors) = pairs(400);
    test[0].0 = train[0].0.clone();
    let with = AuditSettings {
        entities: vec![Entity {
            name: "tf".into(),
            train: train_factors,
            test: test_factors,
        }],
        ..settings()
    };
    let found = audit(&of_numbers(&train), &of_numbers(&test), &with).expect("an audit");
    assert!(!found.verdict.is_fair);
    let text = &found.verdict.text;
    assert!(
        text.contains("400 of 400 test rows share their `tf`"),
        "{text}"
    );
    assert!(
        text.contains("`tf` alone reaches an AUROC of 0.9"),
        "{text}"
    );
    assert!(named(&found, "signal").auroc < 0.6);
    assert!(named(&found, "tf").without_shared.is_nan());
    assert_eq!((found.leaks.duplicates, found.leaks.similar), (1, None));
    // factors that only the test rows have tell nothing
    let held_out = AuditSettings {
        entities: vec![Entity {
            name: "tf".into(),
            train: with.entities[0].train.clone(),
            test: vec!["other".into(); 400],
        }],
        ..settings()
    };
    let found = audit(&of_numbers(&train), &of_numbers(&test), &held_out).expect("an audit");
    assert!(found.verdict.is_fair, "{}", found.verdict.text);
    assert_eq!(named(&found, "tf").auroc, 0.5);
}

#[test]
fn shuffled_negatives_are_recognised() {
    use crate::seq::shuffle::Shuffler;
    let mut rng = Rng::keyed(&[0x7368_7566]);
    let mut shuffler = Shuffler::default();
    for k in [1, 2, 3] {
        let positives = simulated(&mut rng, 400, 0.5, &WORD);
        let mut rows: Vec<(Vec<u8>, f32)> = Vec::new();
        for (codes, _) in positives.iter().step_by(2) {
            let mut shuffle = codes.clone();
            shuffler.shuffle(&mut shuffle, k, &mut rng);
            rows.push((codes.clone(), 1.0));
            rows.push((shuffle, 0.0));
        }
        let (train, test) = rows.split_at(300);
        let found = audit(&dataset(train), &dataset(test), &settings()).expect("an audit");
        let shuffled = found.shuffled.expect("shuffles");
        assert_eq!((shuffled.k, shuffled.rows), (k, 200), "{shuffled:?}");
        assert!(found.verdict.text.contains("shuffles of positives"));
    }
    let rows = simulated(&mut rng, 400, 0.5, &WORD);
    let found = audit(&dataset(&rows[..300]), &dataset(&rows[300..]), &settings());
    assert_eq!(found.expect("an audit").shuffled, None);
}

#[test]
fn proteins_have_one_strand_and_their_own_baselines() {
    use crate::data::ragged::{Ragged, RowValues};
    use crate::seq::alphabets::Alphabet;
    let mut rng = Rng::keyed(&[0x7072_6f74]);
    let mut proteins = |n: usize| -> Vec<(Vec<u8>, f32)> {
        (0..n)
            .map(|i| {
                let length = 60 + rng.below(60);
                let mut codes: Vec<u8> = (0..length).map(|_| rng.below(20) as u8).collect();
                if i % 2 == 0 {
                    codes[10..16].copy_from_slice(&[3, 9, 3, 9, 3, 9]);
                }
                (codes, f32::from(u8::from(i % 2 == 0)))
            })
            .collect()
    };
    let of = |rows: &[(Vec<u8>, f32)]| {
        let codes = rows.iter().flat_map(|(codes, _)| codes.clone()).collect();
        let shapes: Vec<Vec<usize>> = rows.iter().map(|(codes, _)| vec![codes.len()]).collect();
        let values = RowValues::Letters(codes, Alphabet::Protein);
        let column = Ragged::new(values, &shapes).expect("rows").into_column();
        let labels = rows.iter().map(|(_, label)| *label).collect();
        let inputs = vec![Input::new("sequence", column)];
        Dataset::new(inputs, vec!["class".into()], labels).expect("a dataset")
    };
    let train = proteins(400);
    let mut test = proteins(200);
    for i in 0..10 {
        test[i] = train[i + 2 * (i % 2)].clone();
        let last = test[i].0.len() - 1;
        test[i].0[last] = (test[i].0[last] + 1 + i as u8) % 20;
    }
    let found = audit(&of(&train), &of(&test), &settings()).expect("an audit");
    assert_eq!(found.leaks.reverse_complements, None);
    assert_eq!(found.leaks.similar, Some(10));
    let names: Vec<&str> = found
        .baselines
        .iter()
        .map(|own| own.name.as_str())
        .collect();
    assert_eq!(names, ["composition", "length", "dipeptide", "kmers"]);
    let kmers = named(&found, "kmers").auroc;
    assert!(kmers > 0.75, "{kmers}");
    assert!(named(&found, "length").auroc < 0.6);
    let too_long = AuditSettings {
        kmers: vec![6],
        ..settings()
    };
    let fault = audit(&of(&train), &of(&test), &too_long).expect_err("a fault");
    assert!(
        fault.message.contains("from 1 to 4 of 20 letters"),
        "{}",
        fault.message
    );
    assert!(
        audit(
            &of(&train),
            &dataset(&simulated(&mut rng, 20, 0.5, &[])),
            &settings()
        )
        .is_err()
    );
}

/// Equal rows, unknown bases, one class, few rows: reports or faults, no panics.
#[test]
fn degenerate_datasets() {
    let same = |label: &dyn Fn(usize) -> f32, code: u8, n: usize| {
        let rows: Vec<(Vec<u8>, f32)> = (0..n).map(|i| (vec![code; 100], label(i))).collect();
        dataset(&rows)
    };
    let half = |i: usize| (i % 2) as f32;
    for code in [0, 4] {
        let found = audit(&same(&half, code, 8), &same(&half, code, 4), &settings());
        let found = found.expect("an audit");
        assert!(found.baselines.iter().all(|own| own.auroc == 0.5));
        assert_eq!(found.labels.contradictions, 8);
        assert_eq!(found.labels.ceiling, 0.5);
        assert_eq!(found.leaks.count(), if code == 0 { 4 } else { 0 });
        assert_eq!(found.extrapolation, None);
        let has_blank = found
            .notes
            .iter()
            .any(|note| note.contains("no known letter"));
        assert_eq!(has_blank, code == 4);
    }
    for rows in [1, 5] {
        let fault = audit(&same(&|_| 1.0, 0, rows), &same(&half, 0, 4), &settings());
        let fault = fault.expect_err("one class");
        assert!(
            fault.message.contains("positives and negatives"),
            "{}",
            fault.message
        );
    }
    let continuous = same(&|i| i as f32 - 2.5, 0, 6);
    let found = audit(&continuous, &continuous, &settings()).expect("an audit");
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.contains("option `threshold`"))
    );
    let undefined = AuditSettings {
        predictions: Some(vec![f64::NAN; 4]),
        ..settings()
    };
    let fault = audit(&same(&half, 0, 8), &same(&half, 0, 4), &undefined).expect_err("NaN");
    assert!(
        fault.message.contains("4 of 4 predictions"),
        "{}",
        fault.message
    );
}
