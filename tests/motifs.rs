//! Tomtom and FIMO against the MEME suite on its own inputs.

use crate::data_folder;
use cistron::seq::fasta;
use cistron::seq::motif::tomtom::{self, Distance};
use cistron::seq::motif::{self, priors, scan};
use std::collections::HashMap;

fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .skip(1)
        .map(|line| line.split('\t').collect())
        .collect()
}

fn near(got: f64, wanted: &str, tolerance: f64) -> bool {
    let wanted: f64 = wanted.parse().expect("as the oracle was written");
    (got - wanted).abs() <= tolerance * wanted.abs().max(1e-300)
}

#[test]
fn tomtom_gives_what_the_meme_suite_gives() {
    let Some(folder) = data_folder() else { return };
    let folder = folder.join("motifs/meme_suite_5.x");
    let sample =
        motif::read(&folder.join("tests/common/sample.meme")).expect("as the oracle was written");
    let vertebrates =
        motif::read(&folder.join("doc/examples/example-datasets/some_vertebrates.meme"))
            .expect("as the oracle was written");
    let mut compared = 0;
    let mut found: HashMap<(String, String), Vec<tomtom::Match>> = HashMap::new();
    for row in rows(include_str!("oracles/tomtom.tsv")) {
        let [
            case,
            distance,
            query,
            target,
            offset,
            p,
            e,
            q,
            overlap,
            strand,
        ] = row.try_into().expect("as the oracle was written");
        let targets = if case == "vertebrates" {
            &vertebrates
        } else {
            &sample
        };
        let own = found
            .entry((case.into(), distance.into()))
            .or_insert_with(|| {
                let plan = tomtom::ComparisonOptions {
                    distance: Distance::named(distance),
                    background: [0.25; 4],
                    pseudocount: 0.1,
                    both_strands: true,
                    min_overlap: 1,
                    complete: case != "incomplete",
                    internal: false,
                };
                tomtom::tomtom(&sample, targets, &plan).expect("as the oracle was written")
            });
        let got = own
            .iter()
            .find(|m| sample[m.query].name == query && targets[m.target].name == target)
            .expect("as the oracle was written");
        let place = (
            got.offset.to_string(),
            got.overlap.to_string(),
            if got.reverse { "-" } else { "+" },
        );
        assert_eq!(
            place,
            (offset.to_string(), overlap.to_string(), strand),
            "{case} {distance} {query} {target}"
        );
        // single precision there, and another formula for the best of several offsets
        let tolerance = if case == "incomplete" { 6e-4 } else { 1e-5 };
        for (got, wanted) in [(got.p_value, p), (got.e_value, e), (got.q_value, q)] {
            assert!(
                near(got, wanted, tolerance),
                "{case} {distance} {query} {target}: {got} instead of {wanted}"
            );
        }
        compared += 1;
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn fimo_gives_what_the_meme_suite_gives() {
    let Some(folder) = data_folder() else { return };
    let folder = folder.join("motifs/meme_suite_5.x");
    let nrdb = [0.281_774, 0.222_020, 0.228_876, 0.267_330];
    let both = [0.274_552, 0.225_448, 0.225_448, 0.274_552];
    let examples = folder.join("doc/examples/example-datasets");
    let cases = [
        (
            "mouse",
            examples.join("some_vertebrates.meme"),
            examples.join("mm9_tss_500bp_sampled_1000.fna.gz"),
            2e-5,
            true,
        ),
        (
            "spiked",
            folder.join("tests/common/sample.meme"),
            folder.join("tests/fimo/spiked.fasta"),
            1e-3,
            false,
        ),
        (
            "gcn4",
            folder.join("tests/fimo/GCN4.meme.txt"),
            folder.join("tests/fimo/GCN4_YPD.fasta"),
            1e-4,
            true,
        ),
        (
            "priors",
            folder.join("tests/fimo/GCN4.meme.txt"),
            folder.join("tests/fimo/GCN4_YPD.fasta"),
            1e-4,
            true,
        ),
        (
            "html",
            folder.join("tests/fimo/MCM1.meme.html.gz"),
            folder.join("tests/fimo/spiked.fasta"),
            1e-3,
            false,
        ),
        (
            "xml",
            folder.join("tests/common/crp0.meme.xml"),
            folder.join("tests/motiph/spiked.fasta"),
            1e-3,
            true,
        ),
    ];
    for (case, motifs, sequences, threshold, both_strands) in cases {
        let (motifs, records) = (
            motif::read(&motifs).expect("as the oracle was written"),
            fasta::read(&sequences).expect("as the oracle was written"),
        );
        let codes: Vec<&[u8]> = (0..records.names.len())
            .map(|i| records.sequence(i))
            .collect();
        let priors = (case == "priors").then(|| {
            let given = priors::read(&folder.join("tests/fimo/GCN4_YPD.psp.gz"))
                .expect("as the oracle was written");
            let distribution =
                priors::Distribution::read(&folder.join("tests/fimo/prior.dist.txt"))
                    .expect("as the oracle was written");
            let odds = |name: &String| {
                given[name.split_whitespace().next().unwrap_or("")]
                    .iter()
                    .map(|prior| priors::log_odds(*prior))
                    .collect()
            };
            scan::Priors {
                distribution,
                odds: records.names.iter().map(odds).collect(),
            }
        });
        let background = if both_strands { both } else { nrdb };
        let pseudocount = if case == "xml" { 0.01 } else { 0.1 };
        let plan = scan::ScanOptions {
            threshold,
            by_q: false,
            both_strands,
            background,
            pseudocount,
            priors,
        };
        let hits = scan::fimo(&motifs, &codes, &plan, &scan::Scanners::ONE)
            .expect("as the oracle was written");
        let wanted: Vec<Vec<&str>> = rows(include_str!("oracles/fimo.tsv"))
            .into_iter()
            .filter(|row| row[0] == case)
            .collect();
        assert_eq!(hits.len(), wanted.len(), "{case}");
        let mut left = hits.clone();
        for row in wanted {
            let [_, motif, _, start, stop, strand, score, p, q] =
                row.try_into().expect("as the oracle was written");
            let (start, stop): (usize, usize) = (
                start.parse().expect("as the oracle was written"),
                stop.parse().expect("as the oracle was written"),
            );
            // places on the mouse genome are not those in the record: there score and width must do
            let at = left.iter().position(|hit| {
                motifs[hit.motif].name == motif
                    && motifs[hit.motif].width() == stop - start
                    && (case == "mouse" || hit.start == start)
                    && (if hit.reverse { "-" } else { "+" }) == strand
                    && near(hit.score, score, 1e-5)
            });
            let got = left.swap_remove(at.unwrap_or_else(|| {
                panic!("{case}: {motif} {start} {strand} {score} is not found")
            }));
            assert!(
                near(got.p_value, p, 6e-3),
                "{case} {motif}: {} instead of {p}",
                got.p_value
            );
            // both estimate the share of chance from a sample
            assert!(
                near(got.q_value, q, 0.1),
                "{case} {motif}: q {} instead of {q}",
                got.q_value
            );
        }
        assert!(left.is_empty());
    }
}
