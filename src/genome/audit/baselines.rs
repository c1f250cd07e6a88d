//! Baselines that take shortcuts: composition, length, place, entities, one motif, the signal; and
//! a k-mer regression, the floor that a network must exceed.

use super::leaks::Leaks;
use super::motifs;
use super::position::nearest_labels;
use super::regression::{Numbers, Part, Source, Words, scores, signals};
use super::rows::{AuditSettings, Entity, Rows};
use super::sequences::Sequences;
use crate::seq::alphabet;
use crate::seq::alphabets::Alphabet;
use cistron_base::Result;
use std::collections::HashMap;

/// The role of a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What should not predict a label.
    Shortcut,
    /// A simple model of the inputs.
    Simple,
    /// The k-mer regression; of rows without sequences that of the signal.
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
    /// Area under the ROC curve of the test rows that do not leak; NaN without two classes.
    pub without_leaks: f64,
    /// Average precision of the test rows that do not leak.
    pub precision_without_leaks: f64,
    /// Area under the ROC curve of the test rows that share no entity with training rows.
    pub without_shared: f64,
}

/// A baseline with its scores.
struct Scored {
    name: String,
    text: String,
    kind: Kind,
    scores: Vec<f64>,
}

impl Scored {
    fn new(name: &str, text: impl Into<String>, kind: Kind, scores: Vec<f64>) -> Scored {
        Scored {
            name: name.into(),
            text: text.into(),
            kind,
            scores,
        }
    }
}

/// Regressions on features of the training rows whose labels are known.
pub struct Bench<'a> {
    train: &'a Rows<'a>,
    test: &'a Rows<'a>,
    rows: Vec<usize>,
    classes: Vec<bool>,
    seed: u64,
}

impl<'a> Bench<'a> {
    /// Regressions of training rows.
    pub fn new(train: &'a Rows<'a>, test: &'a Rows<'a>, seed: u64) -> Bench<'a> {
        let rows = train.known();
        Bench {
            classes: train.classes(&rows),
            train,
            test,
            rows,
            seed,
        }
    }

    fn scored(&self, name: &str, text: &str, kind: Kind, source: &dyn Source) -> Result<Scored> {
        let n = self.test.labels.len();
        let found = scores(source, &self.rows, &self.classes, n, self.seed)?;
        Ok(Scored::new(name, text, kind, found.scores))
    }

    /// Both parts' sequences, where there are any.
    fn sequences(&self) -> Option<(&'a Sequences, &'a Sequences)> {
        self.train
            .sequences
            .as_ref()
            .zip(self.test.sequences.as_ref())
    }

    /// Composition and length of sequences.
    fn of_sequences(&self, out: &mut Vec<Scored>) -> Result<()> {
        let Some((train, test)) = self.sequences() else {
            return Ok(());
        };
        let of = |part: Part| if part == Part::Train { train } else { test };
        if train.alphabet() == Alphabet::Protein {
            let one = Words::of(train, test, &[1])?;
            let text = "amino acid composition";
            out.push(self.scored("composition", text, Kind::Shortcut, &one)?);
        } else {
            let gc = |part, row| Ok(vec![alphabet::gc_content(of(part).row(row))]);
            let gc = Numbers::of(&self.rows, gc)?;
            out.push(self.scored("gc", "GC content", Kind::Shortcut, &gc)?);
        }
        let length = |part: Part, row: usize| of(part).row(row).len();
        let lengths = (0..train.len()).map(|row| length(Part::Train, row));
        let mut lengths = lengths.chain((0..test.len()).map(|row| length(Part::Test, row)));
        let first = lengths.next();
        if lengths.any(|own| Some(own) != first) {
            let length = |part, row| Ok(vec![length(part, row) as f64]);
            let length = Numbers::of(&self.rows, length)?;
            out.push(self.scored("length", "sequence length", Kind::Shortcut, &length)?);
        }
        let pairs = Words::of(train, test, &[2])?;
        let (name, text, kind) = match train.alphabet() {
            Alphabet::Protein => ("dipeptide", "dipeptide content", Kind::Simple),
            _ => ("dinucleotide", "dinucleotide content", Kind::Shortcut),
        };
        out.push(self.scored(name, text, kind, &pairs)?);
        Ok(())
    }

    /// The features of the floor: k-mers, or the signal where there are no sequences.
    pub fn floor(&self, settings: &AuditSettings) -> Result<Floor<'a>> {
        if let Some((train, test)) = self.sequences() {
            let kmers = settings.kmers(train);
            let lengths: Vec<String> = kmers.iter().map(usize::to_string).collect();
            return Ok(Floor {
                name: "kmers",
                text: format!("a logistic regression on k-mers ({})", lengths.join(", ")),
                source: Box::new(Words::of(train, test, &kmers)?),
            });
        }
        Ok(Floor {
            name: "signal",
            text: "a logistic regression on the inputs".into(),
            source: Box::new(self.signal()?),
        })
    }

    fn signal(&self) -> Result<Numbers<'a>> {
        let (train, test) = (self.train, self.test);
        let inputs = [train.number_inputs(), test.number_inputs()];
        Numbers::of(&self.rows, move |part, row| match part {
            Part::Train => signals(train, &inputs[0], row),
            Part::Test => signals(test, &inputs[1], row),
        })
    }
}

/// The features of the regression that a network must exceed.
pub struct Floor<'a> {
    name: &'static str,
    text: String,
    /// The features.
    pub source: Box<dyn Source + 'a>,
}

/// The share of positives among the training rows with the value of each test row, drawn towards
/// the share of all by one row; that of all where no training row has the value.
fn entity_scores(entity: &Entity, rows: &[usize], classes: &[bool]) -> Vec<f64> {
    let positives = classes.iter().filter(|class| **class).count();
    let all = positives as f64 / classes.len().max(1) as f64;
    let mut counts: HashMap<&str, (f64, f64)> = HashMap::new();
    for (row, class) in rows.iter().zip(classes) {
        let own = counts.entry(entity.train[*row].as_str()).or_default();
        own.0 += 1.0;
        own.1 += f64::from(u8::from(*class));
    }
    let score = |value: &String| match counts.get(value.as_str()) {
        Some((n, positives)) => (positives + all) / (n + 1.0),
        None => all,
    };
    entity.test.iter().map(score).collect()
}

/// All baselines that the data allow.
pub fn all(
    bench: &Bench,
    floor: &Floor,
    leaks: &Leaks,
    settings: &AuditSettings,
    notes: &mut Vec<String>,
) -> Result<Vec<Baseline>> {
    let Bench {
        train,
        test,
        rows,
        classes,
        ..
    } = bench;
    let mut found = Vec::new();
    bench.of_sequences(&mut found)?;
    if bench.sequences().is_some() {
        if train.number_inputs().is_empty() {
            notes.push("there is no input besides the sequence".into());
        } else {
            let signal = bench.signal()?;
            found.push(bench.scored("signal", "the signal", Kind::Simple, &signal)?);
        }
    }
    let fitted = scores(
        &*floor.source,
        rows,
        classes,
        test.labels.len(),
        settings.seed,
    )?;
    if fitted.rows < rows.len() {
        notes.push(format!(
            "the {} regression is trained on {} of {} rows, drawn at random, so that its features \
             fit into memory",
            floor.name,
            fitted.rows,
            rows.len()
        ));
    }
    found.push(Scored::new(
        floor.name,
        floor.text.as_str(),
        Kind::Floor,
        fitted.scores,
    ));
    match (&train.places, &test.places) {
        (Some(a), Some(b)) => {
            let a: Vec<_> = rows.iter().map(|row| a[*row].clone()).collect();
            let text = "the label of the nearest training rows";
            let scores = nearest_labels(&a, classes, b);
            found.push(Scored::new("position", text, Kind::Shortcut, scores));
        }
        _ => notes.push("the places of rows are not known".into()),
    }
    for entity in &settings.entities {
        found.push(Scored::new(
            &entity.name,
            format!("`{}`", entity.name),
            Kind::Shortcut,
            entity_scores(entity, rows, classes),
        ));
    }
    if let Some((motif, scores)) = motifs::best(train, test, settings) {
        let text = format!("the motif {}", motif.name);
        found.push(Scored::new("motif", text, Kind::Simple, scores));
    }
    if let Some(scores) = &settings.predictions {
        let scores = scores.clone();
        found.push(Scored::new("network", "the network", Kind::Network, scores));
    }
    let rows = TestRows::of(test, leaks);
    let measured = found.into_iter().map(|own| rows.measured(own, test));
    Ok(measured.collect())
}

/// Test rows with a label: all, those that do not leak, and those that share no entity.
struct TestRows {
    all: Vec<usize>,
    clean: Vec<usize>,
    unshared: Vec<usize>,
}

impl TestRows {
    fn of(test: &Rows, leaks: &Leaks) -> TestRows {
        let all = test.known();
        let of = |flags: &[bool]| -> Vec<usize> {
            let rows = all.iter().copied();
            rows.filter(|row| !flags.get(*row).is_some_and(|flag| *flag))
                .collect()
        };
        TestRows {
            clean: of(&leaks.is_leaking),
            unshared: of(&leaks.is_shared),
            all,
        }
    }

    fn measured(&self, own: Scored, test: &Rows) -> Baseline {
        let of = |rows: &[usize]| test.ranking(&own.scores, rows);
        let (all, clean) = (of(&self.all), of(&self.clean));
        Baseline {
            auroc: all.auroc,
            average_precision: all.average_precision,
            without_leaks: clean.auroc,
            precision_without_leaks: clean.average_precision,
            without_shared: of(&self.unshared).auroc,
            name: own.name,
            text: own.text,
            kind: own.kind,
            scores: own.scores,
        }
    }
}
