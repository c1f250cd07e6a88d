//! `motifs::tomtom`, `motifs::fimo`: motifs against motifs, motifs against sequences.

use crate::base::table::{Cells, Table};
use crate::base::{Interval, Result};
use crate::bind::seq::genome::Genomic;
use crate::bind::types::{Data, Motifs, Tabled};
use crate::explain::{cluster, tomtom};
use crate::lang::options::{INF, MANY, Opt, OptKind, opt};
use crate::lang::{Options, session};
use crate::seq::contigs::cut_out;
use crate::seq::priors::{self, Distribution};
use crate::seq::{Genome, Motif, alphabet, fasta, scan};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::collections::HashMap;
use std::rc::Rc;

/// How a background is asked for, for error messages and help.
const BACKGROUND: OptKind =
    OptKind::Other("\"uniform\", \"nrdb\", \"motif\" or an array of four shares");

const TOMTOM: &[Opt] = &[
    opt(
        "distance",
        OptKind::Choice(tomtom::Distance::NAMES),
        "\"ed\"",
        "how columns are compared: ed (Euclidean), pearson, sandelin, kullback, allr",
    ),
    opt(
        "threshold",
        OptKind::Float(0.0, INF),
        "0.5",
        "the largest value that is reported",
    ),
    opt(
        "by",
        OptKind::Choice(&["q_value", "e_value", "p_value"]),
        "\"q_value\"",
        "the value that the threshold is of",
    ),
    opt(
        "both_strands",
        OptKind::Bool,
        "true",
        "whether targets are compared on both strands",
    ),
    opt(
        "min_overlap",
        OptKind::Int(1, MANY),
        "1",
        "fewest columns that overlap",
    ),
    opt(
        "complete",
        OptKind::Bool,
        "true",
        "whether columns of the query beyond the overlap count, with their median score",
    ),
    opt(
        "internal",
        OptKind::Bool,
        "false",
        "whether the shorter motif must lie inside the longer",
    ),
    opt(
        "background",
        BACKGROUND,
        "\"motif\"",
        "shares of A, C, G, T for pseudocounts and log-likelihoods; motif: as the queries' file gives them",
    ),
    opt(
        "pseudocount",
        OptKind::Float(0.0, INF),
        "0.1",
        "sites' worth of background that is added to each position",
    ),
];
const FIMO: &[Opt] = &[
    opt(
        "threshold",
        OptKind::Float(0.0, 1.0),
        "0.0001",
        "the largest p-value (or q-value) that is reported",
    ),
    opt(
        "by",
        OptKind::Choice(&["p_value", "q_value"]),
        "\"p_value\"",
        "the value that the threshold is of",
    ),
    opt(
        "both_strands",
        OptKind::Bool,
        "true",
        "whether both strands are scanned",
    ),
    opt(
        "background",
        BACKGROUND,
        "\"nrdb\"",
        "shares of A, C, G, T; nrdb: of a large collection of sequences, as MEME's tools; averaged over strands where both are scanned",
    ),
    opt(
        "pseudocount",
        OptKind::Float(0.0, INF),
        "0.1",
        "sites' worth of background that is added to each position",
    ),
    opt(
        "priors",
        OptKind::Other("map of name to probabilities, or path"),
        "",
        "how probable a site is at each position, whatever its bases: a file of position-specific priors, or arrays by the names of sequences",
    ),
    opt(
        "prior_distribution",
        OptKind::Other("path"),
        "",
        "file of how often each prior occurs; counted from `priors` unless given",
    ),
    opt(
        "alpha",
        OptKind::Float(0.0, 1.0),
        "1",
        "share of all sites that are of this motif: priors are times it",
    ),
    opt(
        "genomic",
        OptKind::Bool,
        "false",
        "whether a sequence named chr1:100-200 (1-based) is told by its place on chr1",
    ),
];
const CLUSTER: &[Opt] = &[
    opt(
        "threshold",
        OptKind::Float(0.0, 1.0),
        "0.001",
        "the largest p-value, of either against the other, at which two motifs are joined",
    ),
    opt(
        "distance",
        OptKind::Choice(tomtom::Distance::NAMES),
        "\"pearson\"",
        "how columns are compared",
    ),
];

/// Shares of A, C, G, T in a large collection of sequences, as MEME's tools take them by default.
const NRDB: [f64; 4] = [0.281_774, 0.222_020, 0.228_876, 0.267_330];

fn background(o: &Options, usual: &str, motifs: &[Motif], both_strands: bool) -> Result<[f64; 4]> {
    let value = o
        .raw("background")
        .unwrap_or_else(|| Dynamic::from(usual.to_string()));
    let shares = match value.clone().into_string().as_deref() {
        Ok("uniform") => [0.25; 4],
        Ok("nrdb") => NRDB,
        Ok("motif") => motifs
            .iter()
            .find_map(|motif| motif.background)
            .unwrap_or([0.25; 4]),
        _ => {
            let items = value.clone().into_array().unwrap_or_default();
            let numbers: Vec<f64> = items
                .iter()
                .filter_map(crate::lang::value::number)
                .collect();
            match numbers.as_slice() {
                [a, c, g, t] if numbers.iter().all(|x| *x > 0.0) => [*a, *c, *g, *t],
                _ => bail!(
                    "option",
                    "option `background` must be \"uniform\", \"nrdb\", \"motif\" or four shares above 0, got {}",
                    session::describe(&value)
                ),
            }
        }
    };
    let both = |a: usize, b: usize| {
        if both_strands {
            f64::midpoint(shares[a], shares[b])
        } else {
            shares[a]
        }
    };
    let shares = [both(0, 3), both(1, 2), both(2, 1), both(3, 0)];
    let sum: f64 = shares.iter().sum();
    Ok(shares.map(|share| share / sum))
}

fn compare(queries: &Motifs, targets: &Motifs, o: &Options) -> Result<Tabled> {
    let plan = tomtom::Plan {
        distance: tomtom::Distance::named(&o.text("distance")),
        background: background(o, "motif", &queries.0, true)?,
        pseudocount: o.float("pseudocount"),
        both_strands: o.flag("both_strands"),
        min_overlap: o.int("min_overlap") as usize,
        complete: o.flag("complete"),
        internal: o.flag("internal"),
    };
    let (by, threshold) = (o.text("by"), o.float("threshold"));
    let mut found = tomtom::tomtom(&queries.0, &targets.0, &plan)?;
    found.retain(|m| {
        let value = match by.as_str() {
            "e_value" => m.e_value,
            "p_value" => m.p_value,
            _ => m.q_value,
        };
        value <= threshold
    });
    let numbers = |of: fn(&tomtom::Match) -> f64| Cells::Number(found.iter().map(of).collect());
    let columns = vec![
        (
            "query".into(),
            Cells::Text(
                found
                    .iter()
                    .map(|m| queries.0[m.query].name.clone())
                    .collect(),
            ),
        ),
        (
            "target".into(),
            Cells::Text(
                found
                    .iter()
                    .map(|m| targets.0[m.target].name.clone())
                    .collect(),
            ),
        ),
        ("p_value".into(), numbers(|m| m.p_value)),
        ("e_value".into(), numbers(|m| m.e_value)),
        ("q_value".into(), numbers(|m| m.q_value)),
        (
            "offset".into(),
            Cells::Whole(found.iter().map(|m| m.offset).collect()),
        ),
        (
            "overlap".into(),
            Cells::Whole(found.iter().map(|m| m.overlap as i64).collect()),
        ),
        (
            "strand".into(),
            Cells::Text(
                found
                    .iter()
                    .map(|m| if m.reverse { "-" } else { "+" }.to_string())
                    .collect(),
            ),
        ),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// A sequence with its name and the coordinate of its first base.
struct Named {
    name: String,
    origin: i64,
    codes: Vec<u8>,
}

fn named(name: impl Into<String>, codes: Vec<u8>) -> Named {
    Named {
        name: name.into(),
        origin: 0,
        codes,
    }
}

fn of_genome(genome: &Genome) -> Result<Vec<Named>> {
    let one = |(chrom, name): (usize, &String)| {
        let (start, end) = genome.range(chrom as u32);
        let codes = genome.fetch(&Interval {
            chrom: chrom as u32,
            start,
            end,
            ..Interval::default()
        })?;
        Ok(Named {
            name: name.clone(),
            origin: start,
            codes,
        })
    };
    genome.contigs.names().iter().enumerate().map(one).collect()
}

fn encoded(name: String, text: &Dynamic) -> Result<Named> {
    let text = text.clone().into_string().map_err(|_| {
        fault!(
            "type",
            "sequence `{name}` must be a string, got {}",
            session::describe(text)
        )
    })?;
    let codes =
        alphabet::codes(&text).map_err(|fault| fault.context(format!("sequence `{name}`")))?;
    Ok(named(name, codes))
}

fn sequences(value: &Dynamic) -> Result<Vec<Named>> {
    if let Some(genome) = value.read_lock::<Genomic>() {
        return of_genome(&genome.0);
    }
    if let Some(set) = value.read_lock::<Data>() {
        let (codes, length) = set.0.sequences(0..set.0.len())?;
        return Ok(codes
            .chunks(length)
            .enumerate()
            .map(|(i, codes)| {
                named(
                    set.0.name(i).unwrap_or_else(|| i.to_string()),
                    codes.to_vec(),
                )
            })
            .collect());
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map
            .iter()
            .map(|(name, text)| encoded(name.to_string(), text))
            .collect();
    }
    if let Some(items) = value.read_lock::<Array>() {
        return items
            .iter()
            .enumerate()
            .map(|(i, text)| encoded(i.to_string(), text))
            .collect();
    }
    match value.clone().into_string() {
        Ok(path) => {
            let path = session::find_input(&path)?;
            let records = fasta::read(&path)?;
            records.check_unique(&path)?;
            Ok(records
                .names
                .iter()
                .enumerate()
                .map(|(i, name)| {
                    named(
                        name.split_whitespace().next().unwrap_or(""),
                        records.sequence(i).to_vec(),
                    )
                })
                .collect())
        }
        Err(_) => {
            bail!(
                "type",
                "`sequences` must be a genome, a dataset, an array or map of strings, or the path of a FASTA file, got {}",
                session::describe(value)
            )
        }
    }
}

/// Priors of each position of the sequences.
fn priors(sequences: &[Named], o: &Options) -> Result<Option<scan::Priors>> {
    let Some(value) = o.raw("priors") else {
        if o.raw("prior_distribution").is_some() {
            bail!(
                "option",
                "option `prior_distribution` needs the option `priors`"
            );
        }
        return Ok(None);
    };
    let given: HashMap<String, Vec<f64>> = match (
        value.read_lock::<Map>(),
        value.clone().into_string(),
    ) {
        (Some(map), _) => map
            .iter()
            .map(|(name, own)| {
                Ok((
                    name.to_string(),
                    crate::bind::tensor::basic::tensor_of(own)?.to_f64()?,
                ))
            })
            .collect::<Result<_>>()?,
        (None, Ok(path)) => priors::read(&session::find_input(&path)?)?,
        _ => bail!(
            "option",
            "option `priors` must be the path of a file or a map of name to probabilities, got {}",
            session::describe(&value)
        ),
    };
    if let Some((name, own)) = given
        .iter()
        .find(|(_, own)| own.iter().any(|p| !(0.0..=1.0).contains(p)))
    {
        bail!(
            "value",
            "priors of `{name}` must be probabilities, got {}",
            own.iter()
                .find(|p| !(0.0..=1.0).contains(*p))
                .unwrap_or(&f64::NAN)
        );
    }
    let distribution = match o.get::<String>("prior_distribution")? {
        Some(path) => Distribution::read(&session::find_input(&path)?)?,
        None => Distribution::of(given.values().flatten().copied())?,
    };
    let alpha = o.float("alpha");
    let odds = |s: &Named| {
        let own = given
            .get(&s.name)
            .ok_or_else(|| fault!("data", "there are no priors of sequence `{}`", s.name))?;
        Ok(own
            .iter()
            .map(|prior| priors::log_odds(prior * alpha))
            .collect())
    };
    Ok(Some(scan::Priors {
        distribution: distribution.times(alpha),
        odds: sequences.iter().map(odds).collect::<Result<_>>()?,
    }))
}

fn find(motifs: &Motifs, sequences: &[Named], o: &Options) -> Result<Tabled> {
    let both_strands = o.flag("both_strands");
    let plan = scan::Plan {
        threshold: o.float("threshold"),
        by_q: o.text("by") == "q_value",
        both_strands,
        background: background(o, "nrdb", &motifs.0, both_strands)?,
        pseudocount: o.float("pseudocount"),
        priors: priors(sequences, o)?,
    };
    let codes: Vec<&[u8]> = sequences.iter().map(|s| s.codes.as_slice()).collect();
    let hits = scan::fimo(&motifs.0, &codes, &plan)?;
    let genomic = o.flag("genomic");
    let place = |s: &Named| {
        // what stands behind the last digit of the range is no part of it
        let plain = s.name.rfind('-').map_or("", |dash| {
            &s.name[..dash
                + 1
                + s.name[dash + 1..]
                    .bytes()
                    .take_while(u8::is_ascii_digit)
                    .count()]
        });
        let plain = if cut_out(plain).is_some() {
            plain
        } else {
            s.name.split('(').next().unwrap_or("")
        };
        match cut_out(plain).filter(|_| genomic) {
            Some((chrom, (start, _))) => (chrom.to_string(), start - 1),
            None => (s.name.clone(), s.origin),
        }
    };
    let places: Vec<(String, i64)> = sequences.iter().map(place).collect();
    let width = |hit: &scan::Hit| motifs.0[hit.motif].width();
    let matched = |hit: &scan::Hit| {
        let mut word = codes[hit.sequence][hit.start..hit.start + width(hit)].to_vec();
        if hit.reverse {
            alphabet::reverse_complement(&mut word);
        }
        alphabet::decode(&word)
    };
    let start = |hit: &scan::Hit| places[hit.sequence].1 + hit.start as i64;
    let columns = vec![
        (
            "motif".into(),
            Cells::Text(
                hits.iter()
                    .map(|hit| motifs.0[hit.motif].name.clone())
                    .collect(),
            ),
        ),
        (
            "sequence".into(),
            Cells::Text(
                hits.iter()
                    .map(|hit| places[hit.sequence].0.clone())
                    .collect(),
            ),
        ),
        (
            "start".into(),
            Cells::Whole(hits.iter().map(start).collect()),
        ),
        (
            "stop".into(),
            Cells::Whole(
                hits.iter()
                    .map(|hit| start(hit) + width(hit) as i64)
                    .collect(),
            ),
        ),
        (
            "strand".into(),
            Cells::Text(
                hits.iter()
                    .map(|hit| if hit.reverse { "-" } else { "+" }.to_string())
                    .collect(),
            ),
        ),
        (
            "score".into(),
            Cells::Number(hits.iter().map(|hit| hit.score).collect()),
        ),
        (
            "p_value".into(),
            Cells::Number(hits.iter().map(|hit| hit.p_value).collect()),
        ),
        (
            "q_value".into(),
            Cells::Number(hits.iter().map(|hit| hit.q_value).collect()),
        ),
        (
            "matched".into(),
            Cells::Text(hits.iter().map(matched).collect()),
        ),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

natives! { natives in "motifs" {
    /// Compares motifs with a collection: which targets are like a query, where, and how often as
    /// alike by chance.
    ///
    /// Matches of a query stand together, the best first. `offset` is where the query starts on the
    /// target (on its strand); `p_value` is of the best offset and strand; `e_value` is times the
    /// number of targets; `q_value` is the share of false matches among those as good.
    ///
    /// # Source
    /// Gupta et al., Genome Biology 2007; Tanaka et al., Bioinformatics 2011. Numbers are those of
    /// the MEME suite's Tomtom 5.4.1, but q-values of more than 100 comparisons, for which both
    /// draw at random.
    ///
    /// ```rhai
    /// let pool = sim::motifs(50, #{ width: 10, sharpness: 0.9, seed: 1 });
    /// let hits = motifs::tomtom(motif::all([pool[3].reverse_complement()]), pool, #{ distance: "pearson", threshold: 0.01 });
    /// assert_eq(hits[0].target, pool[3].name);
    /// assert_eq(hits[0].strand, "-");
    /// ```
    /// ```rhai,fails
    /// motifs::tomtom(sim::motifs(1), sim::motifs(2), #{ distance: "cosine" });
    /// //~ one of "pearson", "ed", "sandelin", "kullback", "allr"
    /// ```
    function "tomtom"(c, queries: Motifs, targets: Motifs; o = TOMTOM) -> "table: query, target, p_value, e_value, q_value, offset, overlap, strand" { compare(&queries, &targets, &o) }

    /// Finds occurrences of motifs in sequences, with exact p-values.
    ///
    /// - `sequences`: a genome, a dataset, an array of strings, a map of name to string, or the
    ///   path of a FASTA file
    ///
    /// Coordinates are 0-based and half-open; `score` is log-odds in bits. Occurrences of a motif
    /// stand together, the best first. Priors say how probable a site is at each position whatever
    /// its bases (Cuellar-Partida et al., Bioinformatics 2012). The table is saved as .tsv, .csv,
    /// .bed or .gff3.
    ///
    /// # Source
    /// Grant, Bailey & Noble, FIMO, Bioinformatics 2011. Places, scores and p-values are those of
    /// the MEME suite's FIMO 5.4.1; q-values differ slightly, since both estimate the share of
    /// chance from a sample.
    ///
    /// ```rhai
    /// let hits = motifs::fimo(motif::all([motif::from_consensus("ACCGTTAG")]), #{ one: "TTTTACCGTTAGTTTT" }, #{ threshold: 0.001 });
    /// assert_eq([hits[0].sequence, hits[0].start, hits[0].stop, hits[0].strand], ["one", 4, 12, "+"]);
    /// // the same word twice, of which the second is said to be accessible
    /// let words = #{ one: "ACCGTTAGACCGTTAG" };
    /// let prior = #{ one: range(0, 9).map(|i| if i == 8 { 0.1 } else { 0.001 }) };
    /// let hits = motifs::fimo(motif::all([motif::from_consensus("ACCGTTAG")]), words, #{ threshold: 0.001, priors: prior, both_strands: false });
    /// assert_eq(hits[0].start, 8);
    /// ```
    function "fimo"(c, motifs: Motifs, sequences: Dynamic; o = FIMO) -> "table: motif, sequence, start, stop, strand, score, p_value, q_value, matched" { find(&motifs, &self::sequences(&sequences)?, &o) }

    /// Groups motifs that are alike: two are joined where either finds the other (Tomtom), groups
    /// through common members.
    ///
    /// Gives for each group, the largest first, the numbers of its motifs, that with the most
    /// information first.
    ///
    /// ```rhai
    /// let pool = sim::motifs(40, #{ width: 10, sharpness: 0.9, seed: 1 });
    /// let groups = motifs::cluster(motif::all([pool[0], pool[1], pool[0].reverse_complement()]), #{ threshold: 1e-2 });
    /// assert_eq(groups.len(), 2);
    /// assert_eq(groups[0].len(), 2);
    /// ```
    function "cluster"(c, motifs: Motifs; o = CLUSTER) -> "array of arrays of numbers" {
        let groups = cluster::groups(&motifs.0, tomtom::Distance::named(&o.text("distance")), o.float("threshold"))?;
        Ok(groups.into_iter().map(|group| Dynamic::from(group.into_iter().map(|i| Dynamic::from(i as i64)).collect::<Array>())).collect::<Array>())
    }
} }

/// All of them.
pub fn all() -> Vec<crate::lang::Native> {
    natives()
}
