//! Baselines that take shortcuts: composition, length, place, one motif, the signal; and a k-mer
//! regression, the floor that a network must exceed.

use super::homology::Sequences;
use super::kmers::Features;
use super::leaks::Leaks;
use super::position::nearest_labels;
use super::rows::{AuditSettings, Rows};
use crate::data::Column;
use crate::seq::Motif;
use crate::seq::alphabet;
use cistron_base::Result;
use cistron_base::seed::Rng;
use cistron_metrics::logistic::{SparseRows, fit};
use cistron_metrics::ranking::ranking;
use rayon::prelude::*;

/// The role of a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What should not predict a label.
    Shortcut,
    /// A simple model of the sequence.
    Simple,
    /// The k-mer regression.
    Floor,
    /// The network.
    Network,
}

/// A baseline and how well it predicts the test labels.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Its name.
    pub name: String,
    /// In words.
    pub text: String,
    /// Its role.
    pub kind: Kind,
    /// A score for each test row.
    pub scores: Vec<f64>,
    /// Area under the ROC curve.
    pub auroc: f64,
    /// Average precision.
    pub average_precision: f64,
    /// Area under the ROC curve of the test rows that do not leak.
    pub without_leaks: f64,
}

/// Factors on the squared weights that are tried, times the number of rows.
const PENALTIES: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];
/// Training rows on which the best motif is chosen.
const MOTIF_ROWS: usize = 2000;

fn scaled(rows: &SparseRows, deviations: &[f64]) -> SparseRows {
    let mut out = rows.clone();
    for (column, value) in out.columns.iter().zip(&mut out.values) {
        *value /= deviations[*column as usize] as f32;
    }
    out
}

fn area(scores: &[f64], classes: &[bool]) -> f64 {
    let scores: Vec<f32> = scores.iter().map(|score| *score as f32).collect();
    let labels: Vec<f32> = classes
        .iter()
        .map(|own| f32::from(u8::from(*own)))
        .collect();
    ranking(&scores, &labels).auroc
}

/// Scores of test rows by a logistic regression on columns of variance 1, whose penalty a held-out
/// fifth of the training rows chooses.
pub fn fitted_scores(
    train: &SparseRows,
    classes: &[bool],
    test: &SparseRows,
    seed: u64,
) -> Result<Vec<f64>> {
    let deviations = train.deviations();
    let (train, test) = (scaled(train, &deviations), scaled(test, &deviations));
    let order = Rng::keyed(&[seed, 0x7065_6e61]).permutation(train.len());
    let order: Vec<usize> = order.iter().map(|row| *row as usize).collect();
    let (held, rest) = order.split_at(train.len() / 5);
    let of = |rows: &[usize]| -> Vec<bool> { rows.iter().map(|row| classes[*row]).collect() };
    let both = |classes: &[bool]| classes.contains(&true) && classes.contains(&false);
    let mut best = (f64::NEG_INFINITY, PENALTIES[1]);
    if both(&of(held)) && both(&of(rest)) {
        let (inner, outer) = (train.select(rest), train.select(held));
        for penalty in PENALTIES {
            let fitted = fit(&inner, &of(rest), penalty / rest.len() as f64)?;
            let own = area(&fitted.scores(&outer), &of(held));
            if own > best.0 {
                best = (own, penalty);
            }
        }
    }
    let fitted = fit(&train, classes, best.1 / train.len() as f64)?;
    Ok(fitted.scores(&test))
}

/// A number and its square as columns, for relations that rise and fall.
fn squared(numbers: &[Vec<f64>]) -> SparseRows {
    let width = numbers.first().map_or(0, Vec::len);
    let mut rows = SparseRows::new(2 * width);
    for own in numbers {
        let plain = own.iter().map(|x| *x as f32);
        let square = own.iter().map(|x| (x * x) as f32);
        rows.push((0..).zip(plain.chain(square)));
    }
    rows
}

fn composition(sequences: &Sequences) -> Vec<Vec<f64>> {
    let gc = |row: usize| vec![alphabet::gc_content(sequences.row(row))];
    (0..sequences.len()).map(gc).collect()
}

fn lengths(sequences: &Sequences) -> Option<Vec<Vec<f64>>> {
    let length = |row: usize| vec![sequences.row(row).len() as f64];
    let all: Vec<Vec<f64>> = (0..sequences.len()).map(length).collect();
    all.iter().any(|own| *own != all[0]).then_some(all)
}

/// Mean and maximum of each channel of the inputs that are no sequences; none where there are none.
fn signals(rows: &Rows) -> Result<Option<Vec<Vec<f64>>>> {
    let inputs: Vec<&Column> = rows
        .set
        .inputs
        .iter()
        .map(|input| &input.column)
        .filter(|column| matches!(column, Column::Dense { .. } | Column::Signal { .. }))
        .collect();
    if inputs.is_empty() {
        return Ok(None);
    }
    let mut out = Vec::new();
    let mut numbers = Vec::new();
    for row in 0..rows.set.len() {
        let mut own = Vec::new();
        for column in &inputs {
            numbers.clear();
            rows.set.push_numbers(column, row, 0, &mut numbers)?;
            let shape = column.shape();
            let width = if shape.len() > 1 {
                numbers.len() / shape[0].max(1) as usize
            } else {
                1
            };
            for channel in numbers.chunks(width.max(1)) {
                let sum: f64 = channel.iter().map(|x| f64::from(*x)).sum();
                own.push(sum / channel.len() as f64);
                if channel.len() > 1 {
                    let most = channel.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
                    own.push(f64::from(most));
                }
            }
        }
        out.push(
            own.into_iter()
                .map(|x| if x.is_finite() { x } else { 0.0 })
                .collect(),
        );
    }
    Ok(Some(out))
}

/// The best log-odds of a motif in each sequence, on either strand.
fn motif_scores(motif: &Motif, sequences: &Sequences, rows: &[usize]) -> Vec<f64> {
    let of = |motif: &Motif| motif.log_odds(0.01, [0.25; 4]);
    let strands = [of(motif), of(&motif.reverse_complement())];
    let width = motif.width();
    let score = |row: &usize| {
        let mut best = f64::NEG_INFINITY;
        for word in sequences.row(*row).windows(width) {
            if word.iter().any(|code| *code >= alphabet::UNKNOWN) {
                continue;
            }
            for matrix in &strands {
                let pairs = matrix.iter().zip(word);
                best = best.max(pairs.map(|(odds, code)| odds[usize::from(*code)]).sum());
            }
        }
        if best.is_finite() { best } else { -1e3 }
    };
    rows.par_iter().map(score).collect()
}

/// The motif that separates the training rows best, and its scores of the test rows.
fn best_motif<'a>(
    train: &Rows,
    test: &Rows,
    settings: &'a AuditSettings,
) -> Option<(&'a Motif, Vec<f64>)> {
    let known = train.known();
    let order = Rng::keyed(&[settings.seed, 0x6d6f_7469]).permutation(known.len());
    let few = order.iter().take(MOTIF_ROWS).map(|i| known[*i as usize]);
    let rows: Vec<usize> = few.collect();
    let classes = train.classes(&rows);
    let (best, _) = settings
        .motifs
        .iter()
        .map(|motif| {
            (
                motif,
                area(&motif_scores(motif, &train.sequences, &rows), &classes),
            )
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let all: Vec<usize> = (0..test.sequences.len()).collect();
    Some((best, motif_scores(best, &test.sequences, &all)))
}

/// A baseline with its scores.
struct Scored {
    name: &'static str,
    text: String,
    kind: Kind,
    scores: Vec<f64>,
}

/// All baselines that the data allow.
pub fn all(
    train: &Rows,
    test: &Rows,
    words: &Features,
    leaks: &Leaks,
    settings: &AuditSettings,
    notes: &mut Vec<String>,
) -> Result<Vec<Baseline>> {
    let rows = train.known();
    let classes = train.classes(&rows);
    let mut found = Vec::new();
    let mut add = |name, text: &str, kind, a: &SparseRows, b: &SparseRows| -> Result<()> {
        let scores = fitted_scores(&a.select(&rows), &classes, b, settings.seed)?;
        found.push(Scored {
            name,
            text: text.into(),
            kind,
            scores,
        });
        Ok(())
    };
    let gc = (composition(&train.sequences), composition(&test.sequences));
    add(
        "gc",
        "GC content",
        Kind::Shortcut,
        &squared(&gc.0),
        &squared(&gc.1),
    )?;
    if let (Some(a), Some(b)) = (lengths(&train.sequences), lengths(&test.sequences)) {
        add(
            "length",
            "sequence length",
            Kind::Shortcut,
            &squared(&a),
            &squared(&b),
        )?;
    }
    let pairs = Features::of(&train.sequences, &test.sequences, &[2])?;
    add(
        "dinucleotide",
        "dinucleotide content",
        Kind::Shortcut,
        &pairs.train,
        &pairs.test,
    )?;
    match (signals(train)?, signals(test)?) {
        (Some(a), Some(b)) => {
            add(
                "signal",
                "the signal",
                Kind::Simple,
                &squared(&a),
                &squared(&b),
            )?;
        }
        _ => notes.push("there is no input besides the sequence".into()),
    }
    let lengths: Vec<String> = settings.kmers.iter().map(usize::to_string).collect();
    let text = format!("a logistic regression on k-mers ({})", lengths.join(", "));
    add("kmers", &text, Kind::Floor, &words.train, &words.test)?;
    match (&train.places, &test.places) {
        (Some(a), Some(b)) => {
            let a: Vec<_> = rows.iter().map(|row| a[*row].clone()).collect();
            found.push(Scored {
                name: "position",
                text: "the label of the nearest training rows".into(),
                kind: Kind::Shortcut,
                scores: nearest_labels(&a, &classes, b),
            });
        }
        _ => notes.push("the places of rows are not known".into()),
    }
    if let Some((motif, scores)) = best_motif(train, test, settings) {
        found.push(Scored {
            name: "motif",
            text: format!("the motif {}", motif.name),
            kind: Kind::Simple,
            scores,
        });
    }
    if let Some(scores) = &settings.predictions {
        found.push(Scored {
            name: "network",
            text: "the network".into(),
            kind: Kind::Network,
            scores: scores.clone(),
        });
    }
    let known = test.known();
    Ok(found
        .into_iter()
        .map(|own| measured(own, test, &known, leaks))
        .collect())
}

fn measured(own: Scored, test: &Rows, known: &[usize], leaks: &Leaks) -> Baseline {
    let of = |rows: &[usize]| test.ranking(&own.scores, rows);
    let clean: Vec<usize> = known
        .iter()
        .copied()
        .filter(|row| !leaks.is_leaking[*row])
        .collect();
    let all = of(known);
    Baseline {
        auroc: all.auroc,
        average_precision: all.average_precision,
        without_leaks: of(&clean).auroc,
        name: own.name.into(),
        text: own.text,
        kind: own.kind,
        scores: own.scores,
    }
}
