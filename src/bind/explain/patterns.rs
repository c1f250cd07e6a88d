//! Methods of results of MoDISco.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::motif::strand_text;
use crate::bind::args::path::output_path;
use crate::bind::types::{Discovered, Motifs, Tabled};
use crate::explain::modisco::{Pattern, report, save};
use crate::lang::{IntoValue, Native, Options, native, natives_of};
use crate::seq::Motif;
use crate::torch::Tensor;
use rhai::{Dynamic, Map};
use std::rc::Rc;

/// How patterns are trimmed.
#[derive(Options)]
pub struct TrimOptions {
    /// Fraction of the largest contribution below which positions at both ends are removed.
    #[option(default = 0.3, min = 0, max = 1)]
    trim: f64,
}

/// Options of `discovery.save_report`.
#[derive(Options)]
pub struct SaveReportOptions {
    /// Known motifs that patterns are compared with.
    known: Option<Motifs>,
    /// Number of matches shown for each pattern.
    #[option(default = 3, min = 1, max = 100)]
    matches: usize,
    #[option(flatten)]
    trim: TrimOptions,
}

/// A tensor [4, width] of the rows of a pattern.
fn matrix(rows: &[[f64; 4]]) -> Result<Dynamic> {
    Ok(
        Tensor::from_f64(rows.as_flattened(), &[rows.len() as i64, 4])?
            .to_kind(crate::torch::Kind::Float)?
            .transpose(0, 1)?
            .contiguous()?
            .into_value(),
    )
}

/// A pattern as a map.
fn pattern_map(name: String, pattern: &Pattern, motif: Motif) -> Result<Dynamic> {
    let sign: i64 = if name.starts_with("positive") { 1 } else { -1 };
    let map = Map::from([
        ("sign".into(), sign.into()),
        ("name".into(), name.into()),
        ("seqlets".into(), (pattern.seqlets.len() as i64).into()),
        ("consensus".into(), motif.consensus().into()),
        ("sequence".into(), matrix(&pattern.sequence())?),
        ("contributions".into(), matrix(&pattern.contributions())?),
        ("hypothetical".into(), matrix(&pattern.hypothetical())?),
        ("motif".into(), motif.into_value()),
    ]);
    Ok(map.into())
}

/// The patterns, positive ones first, by decreasing number of seqlets.
///
/// Each is a map: name, sign, seqlets (their number), consensus, sequence, contributions,
/// hypothetical (tensors [4, width]), motif (trimmed by contribution).
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).patterns, []);
/// ```
#[native(
    namespace = "discovery",
    form = property,
    returns = "array of maps"
)]
pub fn patterns(this: &Discovered) -> Result<Vec<Dynamic>> {
    let motifs = save::motifs(&this.0.0, 0.3);
    let patterns = this.patterns().zip(motifs);
    patterns
        .map(|((name, pattern), motif)| pattern_map(name, pattern, motif))
        .collect()
}

/// Returns the patterns as motifs, trimmed where contributions are small.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).motifs().len(), 0);
/// ```
#[native(namespace = "discovery", form = method)]
pub fn motifs(this: &Discovered, options: TrimOptions) -> Motifs {
    Motifs(Rc::new(save::motifs(&this.0.0, options.trim)))
}

/// Returns the positions of the seqlets of each pattern.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).seqlets().len(), 0);
/// ```
#[native(
    namespace = "discovery",
    form = method,
    name = "seqlets",
    returns = "table: pattern, sample, start, end, strand"
)]
pub fn seqlets_of_patterns(this: &Discovered) -> Result<Tabled> {
    let of_pattern = |(name, pattern): (String, &'_ Pattern)| {
        let seqlets = pattern.seqlets.clone().into_iter();
        seqlets
            .map(|seqlet| (name.clone(), seqlet))
            .collect::<Vec<_>>()
    };
    let rows: Vec<_> = this.patterns().flat_map(of_pattern).collect();
    let names = rows.iter().map(|(name, _)| name.clone());
    let samples = rows.iter().map(|(_, seqlet)| i64::from(seqlet.example));
    let starts = rows.iter().map(|(_, seqlet)| i64::from(seqlet.start));
    let ends = rows.iter().map(|(_, seqlet)| i64::from(seqlet.end));
    let strands = rows.iter().map(|(_, seqlet)| strand_text(seqlet.reverse));
    let columns = vec![
        ("pattern".into(), Cells::Text(names.collect())),
        ("sample".into(), Cells::Whole(samples.collect())),
        ("start".into(), Cells::Whole(starts.collect())),
        ("end".into(), Cells::Whole(ends.collect())),
        ("strand".into(), Cells::Text(strands.collect())),
    ];
    Tabled::of(columns)
}

/// Returns the numbers that each step leaves: positions, windows, seqlets, clusters, patterns.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// assert_eq(explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).funnel()[0].left, 600);
/// ```
#[native(
    namespace = "discovery",
    form = method,
    returns = "table: sign, step, left"
)]
pub fn funnel(this: &Discovered) -> Result<Tabled> {
    let discovery = &this.0.0;
    let steps = [
        ("both", &discovery.funnel),
        ("positive", &discovery.positive.funnel),
        ("negative", &discovery.negative.funnel),
    ];
    let of_sign = |(sign, steps): (&'static str, &'_ Vec<(&'static str, usize)>)| {
        let steps = steps.clone().into_iter();
        steps.map(move |(step, left)| (sign, step, left))
    };
    let rows: Vec<_> = steps.into_iter().flat_map(of_sign).collect();
    let signs = rows.iter().map(|(sign, ..)| sign.to_string());
    let names = rows.iter().map(|(_, step, _)| step.to_string());
    let left = rows.iter().map(|(.., left)| *left as i64);
    let columns = vec![
        ("sign".into(), Cells::Text(signs.collect())),
        ("step".into(), Cells::Text(names.collect())),
        ("left".into(), Cells::Whole(left.collect())),
    ];
    Tabled::of(columns)
}

/// Writes the patterns and their seqlets to an HDF5 file in the format of modisco-lite.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// let discovery = explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x);
/// discovery.save_h5("/tmp/cistron_example_modisco.h5");
/// ```
#[native(namespace = "discovery", form = method)]
pub fn save_h5(
    this: &Discovered,
    /// Path of the file.
    path: &str,
) -> Result<()> {
    save::h5(&this.0.0, &this.0.1, &output_path(path)?)
}

/// Writes the patterns as motifs in MEME format.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// let discovery = explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x);
/// discovery.save_meme("/tmp/cistron_example_modisco.meme");
/// ```
#[native(namespace = "discovery", form = method)]
pub fn save_meme(
    this: &Discovered,
    /// Path of the file.
    path: &str,
    options: TrimOptions,
) -> Result<()> {
    let text = crate::seq::motif::meme::to_meme(&save::motifs(&this.0.0, options.trim));
    crate::base::file::write_whole(&output_path(path)?, text.as_bytes())
}

/// Writes an HTML report: the funnel, the logos of each pattern, matches with known motifs.
///
/// ```rhai
/// let x = seq::random(10, 60, #{ seed: 1 });
/// let discovery = explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x);
/// discovery.save_report("/tmp/cistron_example_modisco.html");
/// ```
#[native(namespace = "discovery", form = method)]
pub fn save_report(
    this: &Discovered,
    /// Path of the file.
    path: &str,
    options: SaveReportOptions,
) -> Result<()> {
    let known = options.known.as_ref().map(|known| known.0.as_slice());
    let page = report::page(&this.0.0, known, options.matches, options.trim.trim)?;
    crate::base::file::write_whole(&output_path(path)?, page.as_bytes())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        patterns,
        motifs,
        seqlets_of_patterns,
        funnel,
        save_h5,
        save_meme,
        save_report,
    ]
}
