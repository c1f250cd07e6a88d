use super::*;
use crate::seq::Motif;
use crate::seq::motif::background::MotifBackground;
use std::path::PathBuf;

#[test]
fn logarithms_are_printed_as_numbers() {
    let of = |x: f64| log_text(x.ln(), 2);
    assert_eq!(of(1.0), "1.00e0");
    assert_eq!(of(0.00123), "1.23e-3");
    assert_eq!(of(9.999), "1.00e1");
    assert_eq!(log_text(-1000.0, 2), "5.08e-435");
    assert_eq!(log_text(f64::NEG_INFINITY, 2), "0.00e0");
}

#[test]
fn p_values_are_corrected_for_tests() {
    let of = |p: f64, tests: f64| log_adjusted(p.ln(), tests).exp();
    let near = |got: f64, wanted: f64| assert!((got / wanted - 1.0).abs() < 1e-9, "{got} {wanted}");
    near(of(0.3, 1.0), 0.3);
    near(of(0.1, 2.0), 0.19);
    near(of(1e-9, 50.0), 5e-8);
    near(of(0.001, 500.0), 1.0 - (1.0 - 1e-6f64).powf(0.5e6));
    assert_eq!(of(0.9, 500.0), 1.0);
    assert_eq!(of(1.0, 1.0), 1.0);
    assert_eq!(of(0.0, 7.0), 0.0);
}

/// The folder of real data, where there is one.
fn data_folder() -> Option<PathBuf> {
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CISTRON_DATA").map_or(own, PathBuf::from);
    folder.join("motifs").is_dir().then_some(folder)
}

/// The options of a command of AME.
struct Command<'a>(Vec<&'a str>);

impl<'a> Command<'a> {
    fn of(&self, name: &str) -> Option<&'a str> {
        let at = self
            .0
            .iter()
            .position(|word| word.trim_start_matches('-') == name)?;
        Some(self.0[at + 1])
    }

    fn number(&self, name: &str, default: f64) -> f64 {
        self.of(name)
            .map_or(default, |text| text.parse().expect("a number"))
    }

    fn options(&self) -> EnrichmentOptions {
        EnrichmentOptions {
            method: match self.of("method").expect("a method") {
                "fisher" => Method::Fisher,
                "ranksum" => Method::RankSum,
                "3dmhg" => Method::ThreeWay,
                "spearman" => Method::Spearman,
                other => panic!("{other}"),
            },
            scoring: match self.of("scoring").expect("a scoring") {
                "avg" => Scoring::Average,
                "totalhits" => Scoring::TotalHits,
                other => panic!("{other}"),
            },
            positives: PositiveList::Fasta,
            partition: self
                .of("fix-partition")
                .map(|n| n.parse().expect("a count")),
            hit_fraction: self.number("hit-lo-fraction", 0.25),
            max_e_value: self.number("evalue-report-threshold", 10.0),
            max_fasta_score: 1e-3,
            pseudocount: self.number("motif-pseudo", 0.1),
            background: self.of("bgfile").map(|name| match name {
                "--motif--" => MotifBackground::Motif,
                "--uniform--" => MotifBackground::Uniform,
                other => panic!("{other}"),
            }),
            log_fasta_scores: false,
            log_pwm_scores: false,
            switch_axes: false,
            corrected: true,
        }
    }
}

/// A number with significant digits, as C's `%g`.
fn short(x: f64, digits: usize) -> String {
    let text = format!("{x:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').expect("an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent");
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text.to_string(),
    };
    if (-4..digits as i32).contains(&exponent) {
        trimmed(&format!("{x:.*}", (digits as i32 - 1 - exponent) as usize))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs())
    }
}

/// A line of AME's table.
fn line(own: &Enriched, names: &[&str], databases: &[Vec<Motif>]) -> String {
    let (best, motif) = (&own.best, &databases[own.database][own.motif]);
    let log = |x: f64| log_text(x, 2);
    let mut cells = vec![
        own.rank.to_string(),
        names[own.database].to_string(),
        motif.name.clone(),
        motif.alt.clone(),
        own.consensus.clone(),
        log(best.log_p),
        log(own.log_adjusted),
        log(own.log_e),
        best.tests.to_string(),
        short(best.threshold, 3),
        best.positives.to_string(),
        best.negatives.to_string(),
    ];
    let percent = |n: usize, all: usize| format!("{:.2}", 100.0 * n as f64 / all as f64);
    match best.detail {
        Detail::None => {}
        Detail::Fisher { threshold, tp, fp } => cells.extend([
            short(threshold, 3),
            tp.to_string(),
            percent(tp, best.positives),
            fp.to_string(),
            percent(fp, best.negatives),
        ]),
        Detail::RankSum {
            u,
            log_left,
            log_both,
        } => {
            let logs = [log_left, best.log_p, log_both];
            let adjusted = |x: f64| log_adjusted(x, best.tests as f64);
            cells.push(short(u, 4));
            cells.extend(logs.map(log));
            cells.extend(logs.map(adjusted).map(log));
        }
        Detail::Correlation { r, .. } => cells.push(short(r, 3)),
    }
    cells.join("\t")
}

/// The table of one case, or nothing where its controls are random shuffles.
fn case(folder: &std::path::Path, text: &str) -> Option<Vec<String>> {
    let last = text.lines().last().expect("a line");
    let command = Command(last.split_whitespace().collect());
    let files: Vec<&str> = command
        .0
        .iter()
        .copied()
        .filter(|word| word.starts_with("common/"))
        .collect();
    let control = command.of("control");
    if control == Some("--shuffle--") {
        return None;
    }
    let files = if control.is_some() {
        &files[1..]
    } else {
        &files
    };
    let read = |file: &str| crate::seq::fasta::read(&folder.join(file)).expect("sequences");
    let primary = read(files[0]);
    let control = control.map(read);
    let of = |records: &'_ crate::seq::fasta::Records| -> Vec<Vec<u8>> {
        (0..records.names.len())
            .map(|i| records.sequence(i).to_vec())
            .collect()
    };
    let (primary_codes, control_codes) = (of(&primary), control.as_ref().map(of));
    let (scores, known) = primary.scores();
    let is_scored = control.is_none() && known == scores.len();
    let input = EnrichmentInput {
        primary: primary_codes.iter().map(Vec::as_slice).collect(),
        control: control_codes
            .as_ref()
            .map(|codes| codes.iter().map(Vec::as_slice).collect()),
        scores: is_scored.then(|| scores.into_iter().flatten().collect()),
    };
    let names = &files[1..];
    let databases: Vec<Vec<Motif>> = names
        .iter()
        .map(|file| crate::seq::motif::read(&folder.join(file)).expect("motifs"))
        .collect();
    let slices: Vec<&[Motif]> = databases.iter().map(Vec::as_slice).collect();
    let found = ame(&slices, &input, &command.options()).expect("enrichment");
    Some(
        found
            .motifs
            .iter()
            .map(|own| line(own, names, &databases))
            .collect(),
    )
}

#[test]
fn ame_prints_what_the_meme_suite_prints() {
    let Some(folder) = data_folder() else {
        eprintln!("SKIPPED: no real data (set CISTRON_DATA)");
        return;
    };
    let folder = folder.join("motifs/meme_suite_5.x/tests");
    let entries = std::fs::read_dir(folder.join("ame")).expect("cases");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a case").path()).collect();
    paths.sort();
    let (mut compared, mut nearly, mut differences) = (0, 0, Vec::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a case");
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let Some(got) = case(&folder, &text) else {
            continue;
        };
        let wanted: Vec<&str> = text
            .lines()
            .skip(1)
            .take_while(|line| !line.is_empty())
            .collect();
        if got.len() != wanted.len() {
            differences.push(format!("{name}: {} lines, not {}", got.len(), wanted.len()));
        }
        for (got, wanted) in got.iter().zip(wanted) {
            compared += 1;
            let is_ranked = name.starts_with("ame.ranksum.avg") || name.starts_with("ame.spearman");
            if got == wanted {
                continue;
            } else if is_ranked && are_near(got, wanted) {
                nearly += 1;
            } else {
                differences.push(format!("{name}:\n  got    {got}\n  wanted {wanted}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(compared > 100, "{compared}");
    // one rank more or less, of means of odds that differ in their last bit
    assert!(nearly <= 10, "{nearly}");
}

/// Whether lines have the same text, and numbers that one rank of 338 explains.
fn are_near(got: &str, wanted: &str) -> bool {
    let (got, wanted): (Vec<&str>, Vec<&str>) =
        (got.split('\t').collect(), wanted.split('\t').collect());
    let is_near = |(got, wanted): (&&str, &&str)| match (got.parse::<f64>(), wanted.parse::<f64>())
    {
        (Ok(got), Ok(wanted)) => (got - wanted).abs() <= 0.006 * wanted.abs().max(0.01),
        _ => got == wanted,
    };
    got.len() == wanted.len() && got[..5] == wanted[..5] && got.iter().zip(&wanted).all(is_near)
}

/// Sequences of a FASTA file, at most so many bases of each.
fn sequences(path: &std::path::Path, most: usize) -> Vec<Vec<u8>> {
    let records = crate::seq::fasta::read(path).expect("sequences");
    let sequence = |i| {
        let codes = records.sequence(i);
        codes[..codes.len().min(most)].to_vec()
    };
    (0..records.names.len()).map(sequence).collect()
}

#[test]
fn sea_equals_its_computation_by_scipy() {
    let Some(folder) = data_folder() else {
        eprintln!("SKIPPED: no real data (set CISTRON_DATA)");
        return;
    };
    let folder = folder.join("motifs/meme_suite_5.x/tests/common");
    let motifs = crate::seq::motif::read(&folder.join("Jaspar-subset.meme")).expect("motifs");
    let primary = sequences(&folder.join("Klf1-200-100.fa"), 1000);
    let primary: Vec<&[u8]> = primary.iter().map(Vec::as_slice).collect();
    let mut compared = 0;
    for (case, length) in [("fisher", 1000), ("binomial", 80)] {
        let control = sequences(&folder.join("Klf1-200-100-shuffled.py2.fa"), length);
        let control: Vec<&[u8]> = control.iter().map(Vec::as_slice).collect();
        for order in [0, 2] {
            let options = sea::SeaOptions {
                pseudocount: 0.1,
                background: None,
                order,
                hold_out: 0.0,
                max_e_value: f64::INFINITY,
                seed: 1,
            };
            let found = sea::sea(&[&motifs], &primary, &control, &options).expect("enrichment");
            assert_eq!(found.is_binomial, case == "binomial");
            let wanted = include_str!("../../../../../tests/oracles/sea.tsv").lines();
            for line in wanted {
                let cells: Vec<&str> = line.split('\t').collect();
                if cells[0] != case || cells[1] != order.to_string() {
                    continue;
                }
                let own = found
                    .motifs
                    .iter()
                    .find(|own| motifs[own.motif].name == cells[2]);
                let own = own.expect("a motif");
                let got = [own.tp.to_string(), own.fp.to_string()];
                assert_eq!(got, [cells[3], cells[4]], "{line}");
                let number = |cell: usize| cells[cell].parse::<f64>().expect("a number");
                assert!(
                    (own.threshold - number(5)).abs() < 2e-6,
                    "{line} {}",
                    own.threshold
                );
                assert!(
                    (own.log_p.exp() / number(6) - 1.0).abs() < 1e-5,
                    "{line} {}",
                    own.log_p
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 44);
}

/// Random sequences.
fn random(n: usize, length: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut rng = cistron_base::seed::Rng::keyed(&[seed]);
    (0..n)
        .map(|_| (0..length).map(|_| rng.below(4) as u8).collect())
        .collect()
}

fn plain(method: Method, scoring: Scoring) -> EnrichmentOptions {
    EnrichmentOptions {
        method,
        scoring,
        positives: PositiveList::Fasta,
        partition: None,
        hit_fraction: 0.25,
        max_e_value: 10.0,
        max_fasta_score: 20.0,
        pseudocount: 0.1,
        background: None,
        log_fasta_scores: false,
        log_pwm_scores: false,
        switch_axes: false,
        corrected: true,
    }
}

#[test]
fn a_planted_motif_is_found_by_every_method() {
    let motifs = [
        Motif::from_consensus("planted", "ACCGTTAGCA").expect("a motif"),
        Motif::from_consensus("other", "GGATACCTTA").expect("a motif"),
    ];
    let mut bound = random(40, 60, 1);
    let word = crate::seq::alphabet::codes("ACCGTTAGCA").expect("bases");
    for codes in &mut bound {
        codes[20..30].copy_from_slice(&word);
    }
    let control = random(60, 60, 2);
    let all: Vec<&[u8]> = bound.iter().chain(&control).map(Vec::as_slice).collect();
    use Method::{Fisher, FourWay, Pearson, RankSum, Spearman, ThreeWay};
    for method in [Fisher, RankSum, ThreeWay, FourWay, Pearson, Spearman] {
        for scoring in [
            Scoring::Average,
            Scoring::Max,
            Scoring::Sum,
            Scoring::TotalHits,
        ] {
            if matches!(method, ThreeWay | FourWay) && scoring != Scoring::TotalHits {
                continue;
            }
            for partition in [None, Some(40)] {
                if partition.is_some() && matches!(method, Pearson | Spearman) {
                    continue;
                }
                let options = EnrichmentOptions {
                    partition,
                    hit_fraction: 0.9,
                    ..plain(method, scoring)
                };
                let input = EnrichmentInput {
                    primary: all.clone(),
                    control: None,
                    scores: Some(
                        (0..100)
                            .map(|i| if i < 40 { 1.0 } else { 2.0 } + f64::from(i) / 1e3)
                            .collect(),
                    ),
                };
                let found = ame(&[&motifs], &input, &options).expect("enrichment");
                let first = &found.motifs[0];
                assert_eq!((first.motif, first.rank), (0, 1), "{method:?} {scoring:?}");
                assert!(first.log_e < -8.0, "{method:?} {scoring:?} {}", first.log_e);
            }
        }
    }
    // by control sequences, and by SEA
    let input = EnrichmentInput {
        primary: all[..40].to_vec(),
        control: Some(all[40..].to_vec()),
        scores: None,
    };
    let found = ame(&[&motifs], &input, &plain(Fisher, Scoring::Average)).expect("enrichment");
    assert!(matches!(
        found.motifs[0].best.detail,
        Detail::Fisher { tp: 40, fp: 0, .. }
    ));
    let options = sea::SeaOptions {
        pseudocount: 0.1,
        background: None,
        order: 2,
        hold_out: 0.2,
        max_e_value: 10.0,
        seed: 3,
    };
    let found = sea::sea(&[&motifs], &all[..40], &all[40..], &options).expect("enrichment");
    assert_eq!(found.held, (8, 12));
    assert_eq!(
        (
            found.motifs[0].motif,
            found.motifs[0].tp,
            found.motifs[0].fp
        ),
        (0, 32, 0)
    );
}

#[test]
fn p_values_without_enrichment_are_uniform_or_larger() {
    // corrected p-values of random sequences: few are small
    let motifs: Vec<Motif> = (0..200u64)
        .map(|i| {
            let letters = random(1, 7, 100 + i).remove(0);
            let text = crate::seq::alphabet::decode(&letters);
            Motif::from_consensus("m", &text).expect("a motif")
        })
        .collect();
    let sequences = random(80, 100, 5);
    let all: Vec<&[u8]> = sequences.iter().map(Vec::as_slice).collect();
    for (method, scoring) in [
        (Method::Fisher, Scoring::Average),
        (Method::RankSum, Scoring::Max),
        (Method::Spearman, Scoring::Average),
    ] {
        let options = EnrichmentOptions {
            max_e_value: f64::INFINITY,
            ..plain(method, scoring)
        };
        let input = EnrichmentInput {
            primary: all.clone(),
            control: None,
            scores: None,
        };
        let found = ame(&[&motifs], &input, &options).expect("enrichment");
        let small = found
            .motifs
            .iter()
            .filter(|own| own.log_adjusted < 0.05f64.ln())
            .count();
        assert!(small <= 20, "{method:?}: {small} of {}", found.motifs.len());
    }
}

#[test]
fn what_cannot_be_tested_is_an_error() {
    let motif = [Motif::from_consensus("m", "ACGT").expect("a motif")];
    let own = random(5, 20, 1);
    let all: Vec<&[u8]> = own.iter().map(Vec::as_slice).collect();
    let of = |primary: Vec<&[u8]>,
              control: Option<Vec<&[u8]>>,
              scores: Option<Vec<f64>>,
              options: &EnrichmentOptions| {
        let input = EnrichmentInput {
            primary,
            control,
            scores,
        };
        match ame(&[&motif], &input, options) {
            Ok(found) => format!("{} motifs", found.motifs.len()),
            Err(fault) => fault.message.clone(),
        }
    };
    let fisher = plain(Method::Fisher, Scoring::Average);
    assert!(of(vec![], None, None, &fisher).contains("no primary sequence"));
    assert!(of(vec![&[0, 1]], None, None, &fisher).contains("widest motif (4)"));
    assert!(of(all[..1].to_vec(), None, None, &fisher).contains("at least 2"));
    assert!(of(all.clone(), Some(vec![]), None, &fisher).contains("no control sequence"));
    assert!(of(all.clone(), None, Some(vec![1.0]), &fisher).contains("1 numbers for 5"));
    assert!(of(all.clone(), None, Some(vec![f64::NAN; 5]), &fisher).contains("finite"));
    let with = |change: fn(&mut EnrichmentOptions)| {
        let mut options = plain(Method::Fisher, Scoring::Average);
        change(&mut options);
        of(all.clone(), None, None, &options)
    };
    assert!(with(|own| own.partition = Some(6)).contains("from 1 to 5"));
    assert!(with(|own| own.partition = Some(0)).contains("from 1 to 5"));
    assert!(with(|own| own.method = Method::Pearson).contains("needs a score"));
    assert!(with(|own| own.method = Method::ThreeWay).contains("totalhits"));
    assert!(with(|own| own.positives = PositiveList::Pwm).contains("needs a score"));
    assert!(with(|own| own.log_fasta_scores = true).contains("pearson"));
    assert!(
        of(
            all.clone(),
            Some(all.clone()),
            None,
            &plain(Method::Spearman, Scoring::Max)
        )
        .contains("ranksum")
    );
    // all alike, unknown bases alone, sequences of the width of the motif: no error
    let alike: Vec<&[u8]> = vec![&[0; 30]; 6];
    let unknown: Vec<&[u8]> = vec![&[4; 30]; 6];
    let exact: Vec<&[u8]> = vec![&[0, 1, 2, 3]; 6];
    for method in [Method::Fisher, Method::RankSum, Method::Spearman] {
        for own in [&alike, &unknown, &exact] {
            for scoring in [
                Scoring::Average,
                Scoring::TotalHits,
                Scoring::Max,
                Scoring::Sum,
            ] {
                let text = of(own.clone(), None, None, &plain(method, scoring));
                assert!(text.ends_with("motifs"), "{text}");
            }
        }
    }
}
