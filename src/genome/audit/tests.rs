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
        kmers: vec![4, 5, 6],
        motifs: Vec::new(),
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
    assert_eq!((duplicates, reverse_complements, similar), (20, 20, 20));
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
