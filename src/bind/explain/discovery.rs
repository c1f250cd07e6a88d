//! `explain::modisco`: motifs that recur in contributions.

use crate::base::table::{Cells, Table};
use crate::base::{Result, shape};
use crate::bind::train::fit::warn;
use crate::bind::types::{Data, Discovered, Motifs, Tabled};
use crate::explain::baselines::codes_of;
use crate::explain::modisco::{self, Metacluster, Pattern, Settings, Tracks, report, save};
use crate::explain::seqlets;
use crate::lang::options::{INF, MANY, Opt, OptKind, opt};
use crate::lang::{IntoValue, Options, session};
use crate::seq::Motif;
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;

const THRESHOLD: Opt = opt(
    "threshold",
    OptKind::Float(0.0, 1.0),
    "0.01",
    "p-value below which a span, and every span in it, stands out",
);
const MODISCO: &[Opt] = &[
    opt(
        "max_seqlets",
        OptKind::Int(1, MANY),
        "20000",
        "seqlets of each sign, at most; the first of those found",
    ),
    opt(
        "window",
        OptKind::Int(1, MANY),
        "",
        "positions in the middle of the sequences that are looked at; all unless given",
    ),
    opt(
        "core",
        OptKind::Int(1, 1000),
        "20",
        "positions of the windows that stand out",
    ),
    opt(
        "flank",
        OptKind::Int(0, 1000),
        "5",
        "positions added to them on both sides",
    ),
    opt(
        "fdr",
        OptKind::Float(0.0, 1.0),
        "0.05",
        "false windows among those that stand out",
    ),
    opt(
        "seqlets",
        OptKind::Choice(&["windows", "recursive"]),
        "\"windows\"",
        "how they are found: windows beyond what a Laplace distribution gives, or `explain::seqlets`",
    ),
    THRESHOLD,
    opt(
        "trim",
        OptKind::Int(1, 1000),
        "30",
        "places of a pattern's most informative window",
    ),
    opt(
        "grow",
        OptKind::Int(0, 1000),
        "10",
        "places added to it on both sides",
    ),
    opt(
        "final_flank",
        OptKind::Int(0, 1000),
        "0",
        "places added to finished patterns on both sides",
    ),
    opt(
        "runs",
        OptKind::Int(1, 100_000),
        "2",
        "starts of each clustering; the best counts",
    ),
    opt(
        "neighbours",
        OptKind::Int(1, MANY),
        "500",
        "seqlets that each is compared with finely",
    ),
    opt(
        "perplexity",
        OptKind::Float(1.0, INF),
        "10",
        "neighbours that count where the density around a seqlet is estimated",
    ),
    opt(
        "min_seqlets",
        OptKind::Int(0, MANY),
        "100",
        "fewer seqlets of a sign are not looked at",
    ),
    opt(
        "min_pattern",
        OptKind::Int(1, MANY),
        "20",
        "fewest seqlets of a pattern",
    ),
    opt(
        "min_information",
        OptKind::Float(0.0, INF),
        "0.6",
        "information that some six places of a pattern must hold, bits",
    ),
];
const SEQLETS: &[Opt] = &[
    THRESHOLD,
    opt(
        "least",
        OptKind::Int(1, 1000),
        "4",
        "positions of the shortest span",
    ),
    opt(
        "most",
        OptKind::Int(1, 1000),
        "25",
        "positions of the longest span",
    ),
    opt(
        "flank",
        OptKind::Int(0, MANY),
        "0",
        "positions added at both ends of what was found",
    ),
    opt(
        "bins",
        OptKind::Int(2, 100_000),
        "1000",
        "steps that contributions are rounded to, to know how likely sums are",
    ),
    opt(
        "sign",
        OptKind::Choice(&["both", "positive", "negative"]),
        "\"both\"",
        "whether spans speak for an output or against it",
    ),
    opt(
        "rounding",
        OptKind::Choice(seqlets::Rounding::NAMES),
        "\"positions\"",
        "positions: each contribution is rounded to a bin, as in the null distribution; spans: the sum of a span is, as tangermeme before 1.6",
    ),
];
const TRIM: &[Opt] = &[opt(
    "trim",
    OptKind::Float(0.0, 1.0),
    "0.3",
    "places at both ends go whose contributions are below this share of the largest",
)];
const REPORT: &[Opt] = &[
    opt(
        "known",
        OptKind::Other("motifs"),
        "",
        "motifs with which the patterns are compared",
    ),
    opt(
        "matches",
        OptKind::Int(1, 100),
        "3",
        "matches shown of each pattern",
    ),
    opt(
        "trim",
        OptKind::Float(0.0, 1.0),
        "0.3",
        "places at both ends go whose contributions are below this share of the largest, before patterns are compared",
    ),
];

/// Codes of sequences, and their length.
fn codes(x: &Dynamic) -> Result<(Vec<u8>, usize)> {
    if let Some(set) = x.read_lock::<Data>() {
        return set.0.sequences(0..set.0.len());
    }
    if let Some(tensor) = x.read_lock::<Tensor>() {
        return match tensor.shape()[..] {
            [_, length] if crate::nn::stem::is_codes(&tensor) => {
                Ok((tensor.to_u8()?, length as usize))
            }
            _ => codes_of(&tensor),
        };
    }
    let texts = x.clone().into_typed_array::<String>();
    let texts = texts.map_err(|_| {
        fault!(
            "type",
            "`sequences` must be a tensor, a dataset or an array of strings, got {}",
            session::describe(x)
        )
    })?;
    crate::bind::types::codes_of(&texts)
}

fn tracks(contributions: &Tensor, sequences: &Dynamic, window: Option<i64>) -> Result<Tracks> {
    let (codes, length) = codes(sequences)?;
    let rows = codes.len() / length.max(1);
    let wanted = [rows as i64, 4, length as i64];
    if contributions.shape() != wanted {
        bail!(
            "shape",
            "`contributions` must be as the sequences, {}, got {}",
            shape::text(&wanted),
            shape::text(&contributions.shape())
        );
    }
    let kept = window.map_or(length, |window| window as usize);
    if kept > length {
        bail!(
            "option",
            "option `window` is {kept}, the sequences have {length} bp"
        );
    }
    let from = length / 2 - kept / 2;
    let values = contributions
        .narrow(2, from as i64, kept as i64)?
        .transpose(1, 2)?
        .to_f32()?;
    if let Some(bad) = values.iter().position(|x| !x.is_finite()) {
        bail!("value", "contributions of sample {} are not finite", bad / (4 * kept); hint: "a network that gives NaN there cannot be explained there");
    }
    let codes: Vec<u8> = codes
        .chunks_exact(length)
        .flat_map(|row| row[from..from + kept].iter().copied())
        .collect();
    let absent = values
        .chunks_exact(4)
        .zip(&codes)
        .any(|(four, code)| (0..4).any(|base| base != usize::from(*code) && four[base] != 0.0));
    if !absent {
        warn(
            "the contributions are 0 wherever a base is not there; hypothetical ones find more (`hypothetical: true`)",
        );
    }
    Ok(Tracks {
        codes,
        hypothetical: values,
        length: kept,
    })
}

fn settings(o: &Options) -> Settings {
    let whole = |name: &str| o.int(name) as usize;
    Settings {
        window: whole("core"),
        flank: whole("flank"),
        fdr: o.float("fdr"),
        recursive: (o.text("seqlets") == "recursive").then(|| o.float("threshold")),
        seqlets: whole("max_seqlets"),
        fewest_seqlets: whole("min_seqlets"),
        seeds: whole("runs"),
        neighbours: whole("neighbours"),
        perplexity: o.float("perplexity"),
        trimmed: whole("trim"),
        grown: whole("grow"),
        final_flank: whole("final_flank"),
        least: whole("min_pattern"),
        information: o.float("min_information"),
        ..Settings::default()
    }
}

fn discover(contributions: &Tensor, sequences: &Dynamic, o: &Options) -> Result<Discovered> {
    let (tracks, how) = (
        tracks(contributions, sequences, o.maybe_int("window"))?,
        settings(o),
    );
    if session::is_dry() {
        return Ok(Discovered(Rc::new((modisco::Discovery::default(), tracks))));
    }
    let (needed, free) = (
        modisco::memory(&tracks, &how),
        crate::base::system::free_memory(),
    );
    if let Some(free) = free
        && needed > free
    {
        let gigabytes = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        warn(&format!(
            "this needs about {:.1} GiB, {:.1} are free; a smaller `max_seqlets` needs less",
            gigabytes(needed),
            gigabytes(free)
        ));
    }
    let found = modisco::discover(&tracks, &how)?;
    if found.positive.patterns.is_empty() && found.negative.patterns.is_empty() {
        warn(&format!(
            "no pattern was found: {}",
            report::funnel_line(&found)
        ));
    }
    Ok(Discovered(Rc::new((found, tracks))))
}

/// The patterns of both signs with their names.
fn named(found: &modisco::Discovery) -> impl Iterator<Item = (String, &Pattern)> {
    let of = |name: &'static str, cluster: &'static str| {
        move |(i, pattern)| (format!("{name}_{i}{cluster}"), pattern)
    };
    found
        .positive
        .patterns
        .iter()
        .enumerate()
        .map(of("positive", ""))
        .chain(
            found
                .negative
                .patterns
                .iter()
                .enumerate()
                .map(of("negative", "")),
        )
}

fn matrix(rows: &[[f64; 4]]) -> Result<Dynamic> {
    Ok(
        Tensor::from_f64(rows.as_flattened(), &[rows.len() as i64, 4])?
            .to_kind(crate::torch::Kind::Float)?
            .transpose(0, 1)?
            .contiguous()?
            .into_value(),
    )
}

fn patterns(found: &Discovered) -> Result<Array> {
    let motifs = save::motifs(&found.0.0, 0.3);
    let one = |((name, pattern), motif): ((String, &Pattern), Motif)| -> Result<Dynamic> {
        let mut map = Map::new();
        map.insert(
            "sign".into(),
            i64::from(if name.starts_with("positive") { 1 } else { -1 }).into(),
        );
        map.insert("name".into(), name.into());
        map.insert("seqlets".into(), (pattern.seqlets.len() as i64).into());
        map.insert("consensus".into(), motif.consensus().into());
        map.insert("sequence".into(), matrix(&pattern.sequence())?);
        map.insert("contributions".into(), matrix(&pattern.contributions())?);
        map.insert("hypothetical".into(), matrix(&pattern.hypothetical())?);
        map.insert("motif".into(), motif.into_value());
        Ok(map.into())
    };
    named(&found.0.0).zip(motifs).map(one).collect()
}

fn places(found: &Discovered) -> Result<Tabled> {
    let all: Vec<_> = named(&found.0.0)
        .flat_map(|(name, pattern)| {
            pattern
                .seqlets
                .iter()
                .map(move |seqlet| (name.clone(), *seqlet))
        })
        .collect();
    let columns = vec![
        (
            "pattern".into(),
            Cells::Text(all.iter().map(|(name, _)| name.clone()).collect()),
        ),
        (
            "sample".into(),
            Cells::Whole(
                all.iter()
                    .map(|(_, seqlet)| i64::from(seqlet.example))
                    .collect(),
            ),
        ),
        (
            "start".into(),
            Cells::Whole(
                all.iter()
                    .map(|(_, seqlet)| i64::from(seqlet.start))
                    .collect(),
            ),
        ),
        (
            "end".into(),
            Cells::Whole(
                all.iter()
                    .map(|(_, seqlet)| i64::from(seqlet.end))
                    .collect(),
            ),
        ),
        (
            "strand".into(),
            Cells::Text(
                all.iter()
                    .map(|(_, seqlet)| if seqlet.reverse { "-" } else { "+" }.into())
                    .collect(),
            ),
        ),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

fn funnel(found: &Discovered) -> Result<Tabled> {
    let of = |sign: &'static str, steps: &[(&'static str, usize)]| {
        steps
            .iter()
            .map(|(step, n)| (sign, *step, *n as i64))
            .collect::<Vec<_>>()
    };
    let cluster = |sign: &'static str, cluster: &Metacluster| of(sign, &cluster.funnel);
    let Discovered(inner) = found;
    let all = [
        of("both", &inner.0.funnel),
        cluster("positive", &inner.0.positive),
        cluster("negative", &inner.0.negative),
    ]
    .concat();
    let columns = vec![
        (
            "sign".into(),
            Cells::Text(all.iter().map(|(sign, ..)| (*sign).into()).collect()),
        ),
        (
            "step".into(),
            Cells::Text(all.iter().map(|(_, step, _)| (*step).into()).collect()),
        ),
        (
            "left".into(),
            Cells::Whole(all.iter().map(|(.., n)| *n).collect()),
        ),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// Contributions of what is there, position by position, and the number of positions.
fn by_position(contributions: &Tensor) -> Result<(Vec<f64>, usize)> {
    let flat = match contributions.shape()[..] {
        [_, 4, _] => contributions.sum(&Some(vec![1]), false)?,
        [_, _] => contributions.clone(),
        ref shape => bail!(
            "shape",
            "contributions are [samples, 4, length] or [samples, length], got {}",
            shape::text(shape)
        ),
    };
    Ok((flat.to_f64()?, flat.shape()[1] as usize))
}

fn spans(contributions: &Tensor, o: &Options) -> Result<Tabled> {
    let (values, length) = by_position(contributions)?;
    let [least, most, bins] = ["least", "most", "bins"].map(|name| o.int(name) as usize);
    let rounding = seqlets::Rounding::named(&o.text("rounding"));
    let rule = seqlets::Rule {
        threshold: o.float("threshold"),
        least,
        most,
        bins,
        rounding,
    };
    let flank = o.int("flank") as usize;
    let find = match o.text("sign").as_str() {
        "positive" => seqlets::recursive,
        "negative" => seqlets::negative,
        _ => seqlets::of_both_signs,
    };
    let mut found = find(&values, length, &rule)?;
    for span in &mut found {
        (span.start, span.end) = (
            span.start.saturating_sub(flank),
            (span.end + flank).min(length),
        );
    }
    let columns = vec![
        (
            "sample".into(),
            Cells::Whole(found.iter().map(|span| span.sample as i64).collect()),
        ),
        (
            "start".into(),
            Cells::Whole(found.iter().map(|span| span.start as i64).collect()),
        ),
        (
            "end".into(),
            Cells::Whole(found.iter().map(|span| span.end as i64).collect()),
        ),
        (
            "sum".into(),
            Cells::Number(found.iter().map(|span| span.sum).collect()),
        ),
        (
            "p_value".into(),
            Cells::Number(found.iter().map(|span| span.p_value).collect()),
        ),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// One line on what was found.
pub fn line(found: &Discovered) -> String {
    let of = |cluster: &Metacluster| cluster.patterns.len();
    let (positive, negative) = (of(&found.0.0.positive), of(&found.0.0.negative));
    let most = named(&found.0.0)
        .next()
        .map_or(String::new(), |(name, pattern)| {
            format!(", {name} of {} seqlets", pattern.seqlets.len())
        });
    format!("discovery: {positive} positive and {negative} negative patterns{most}")
}

natives! { made in "explain" {
    /// Finds motifs that recur in contributions: TF-MoDISco.
    ///
    /// - `contributions`: tensor [samples, 4, length], hypothetical ones (of every base that could
    ///   stand there)
    /// - `sequences`: the same samples, as a tensor (one-hot or codes), a dataset or an array of
    ///   strings
    ///
    /// # Source
    /// Shrikumar et al., arXiv 1811.00416; steps and defaults are those of modisco-lite 3.
    ///
    /// ```rhai
    /// let x = seq::random(60, 60, #{ seed: 1 });
    /// let found = explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x, #{ min_seqlets: 1000 });
    /// assert_eq(found.patterns.len(), 0);
    /// ```
    /// ```rhai,fails
    /// explain::modisco(tensor::zeros([1, 4, 8]), ["ACGT"]);
    /// //~ `contributions` must be as the sequences, [1, 4, 4], got [1, 4, 8]
    /// ```
    function "modisco"(c, contributions: Tensor, sequences: Dynamic; o = MODISCO) -> "discovery" { discover(&contributions, &sequences, &o) }

    /// Finds short spans that stand out, and of which every span inside stands out as well.
    ///
    /// - `contributions`: of the bases that are there, tensor [samples, 4, length] or [samples,
    ///   length]
    ///
    /// Returns a table, the least likely first: sample, start, end (0-based, half-open), sum
    /// (without flanks), p_value. P-values take positions as independent draws from all
    /// contributions: they rank spans, and tell no rate of false ones.
    ///
    /// # Source
    /// Recursive seqlets, tangermeme (Schreiber 2025).
    ///
    /// ```rhai
    /// let c = tensor::randn([20, 80], #{ seed: 1 }) * 0.01;
    /// c[[3, 10..17]] = 1.0;
    /// let found = explain::seqlets(c);
    /// assert(found[0].sample == 3 && found[0].start <= 10 && found[0].end >= 17);    // neighbours may lie in it as well
    /// ```
    /// ```rhai,fails
    /// explain::seqlets(tensor::zeros([2, 20]));
    /// //~ the longest span has 25 positions, the samples have 20
    /// ```
    function "seqlets"(c, contributions: Tensor; o = SEQLETS) -> "table: sample, start, end, sum, p_value" { spans(&contributions, &o) }
} }

natives! { methods in "discovery" {
    /// The patterns, those of positive seqlets first, the largest first.
    ///
    /// Each is a map: name, sign, seqlets (how many), consensus, sequence, contributions,
    /// hypothetical (tensors [4, width]), motif (cut to where it contributes).
    ///
    /// ```rhai
    /// let x = seq::random(10, 60, #{ seed: 1 });
    /// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).patterns, []);
    /// ```
    property "patterns"(c, this: Discovered) -> "array of maps" { patterns(&this) }

    /// The patterns as motifs, cut where contributions fall below a share of their largest.
    ///
    /// ```rhai
    /// let x = seq::random(10, 60, #{ seed: 1 });
    /// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).motifs().len(), 0);
    /// ```
    method "motifs"(c, this: Discovered; o = TRIM) -> "motifs" { Ok(Motifs(Rc::new(save::motifs(&this.0.0, o.float("trim"))))) }

    /// Where the seqlets of each pattern lie.
    ///
    /// ```rhai
    /// let x = seq::random(10, 60, #{ seed: 1 });
    /// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).seqlets().len(), 0);
    /// ```
    method "seqlets"(c, this: Discovered) -> "table: pattern, sample, start, end, strand" { places(&this) }

    /// What each step has left: positions, windows, seqlets, clusters, patterns.
    ///
    /// ```rhai
    /// let x = seq::random(10, 60, #{ seed: 1 });
    /// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).funnel()[0].left, 600);
    /// ```
    method "funnel"(c, this: Discovered) -> "table: sign, step, left" { funnel(&this) }

    /// Writes the patterns, their seqlets and parts as modisco-lite does (HDF5).
    ///
    /// ```rhai
    /// let x = seq::random(10, 60, #{ seed: 1 });
    /// explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).save_h5("/tmp/cistron_example_modisco.h5");
    /// ```
    method "save_h5"(c, this: Discovered, path: String) -> "nothing" { save::h5(&this.0.0, &this.0.1, &crate::bind::tensor::file::written(&path)?) }

    /// Writes the patterns as motifs in MEME's format.
    ///
    /// ```rhai
    /// let x = seq::random(10, 60, #{ seed: 1 });
    /// explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).save_meme("/tmp/cistron_example_modisco.meme");
    /// ```
    method "save_meme"(c, this: Discovered, path: String; o = TRIM) -> "nothing" {
        let text = crate::seq::motif::to_meme(&save::motifs(&this.0.0, o.float("trim")));
        crate::base::file::write_whole(&crate::bind::tensor::file::written(&path)?, text.as_bytes())
    }

    /// Writes a page: the funnel, each pattern's logos, what known motifs it matches.
    ///
    /// ```rhai
    /// let x = seq::random(10, 60, #{ seed: 1 });
    /// explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).save_report("/tmp/cistron_example_modisco.html");
    /// ```
    method "save_report"(c, this: Discovered, path: String; o = REPORT) -> "nothing" {
        let known = o.get::<Motifs>("known")?;
        let page = report::page(&this.0.0, known.as_ref().map(|known| known.0.as_slice()), o.int("matches") as usize, o.float("trim"))?;
        crate::base::file::write_whole(&crate::bind::tensor::file::written(&path)?, page.as_bytes())
    }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made(), methods()].into_iter().flatten().collect()
}
