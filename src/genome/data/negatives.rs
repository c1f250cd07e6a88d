//! Regions that stand as negatives: like the positives in length and GC content, and outside of
//! what is excluded.

use crate::seq::Genome;
use crate::seq::intervals::Intervals;
use crate::seq::intervals::place::Places;
use cistron_base::seed::Rng;
use cistron_base::{Interval, Result, interrupt, memory};
use cistron_base::{bail, fault};

/// How regions are matched.
#[derive(Clone, Debug)]
pub struct Matching {
    /// Regions for each positive.
    pub ratio: f64,
    /// Where none may lie, besides the positives.
    pub exclude: Option<Intervals>,
    /// Width of the bins of GC content.
    pub width: f64,
    /// The largest share of N.
    pub unknown: f64,
    /// Whether fewer than asked for will do.
    pub is_short_allowed: bool,
    /// Equal seeds draw equal regions.
    pub seed: u64,
}

/// GC content of a region: share of G and C among known bases, and the share of N.
fn content(genome: &Genome, place: &Interval, codes: &mut Vec<u8>) -> Result<(f64, f64)> {
    codes.clear();
    genome.fetch_into(place, codes)?;
    let known = codes.iter().filter(|c| **c < 4).count();
    let strong = codes.iter().filter(|c| **c == 1 || **c == 2).count();
    Ok((
        strong as f64 / known.max(1) as f64,
        1.0 - known as f64 / codes.len().max(1) as f64,
    ))
}

/// The share of regions in each bin of GC content.
pub fn histogram(genome: &Genome, list: &Intervals, width: f64) -> Result<Vec<f64>> {
    let own = list.in_genome(genome)?;
    let mut counts = vec![0.0; bins(width)];
    let mut codes = Vec::new();
    for place in &own.rows {
        let (gc, _) = content(genome, place, &mut codes)?;
        counts[bin(gc, width)] += 1.0;
    }
    let n = own.len().max(1) as f64;
    Ok(counts.into_iter().map(|c| c / n).collect())
}

fn bins(width: f64) -> usize {
    (1.0 / width).ceil() as usize + 1
}

fn bin(gc: f64, width: f64) -> usize {
    ((gc / width) as usize).min(bins(width) - 1)
}

/// Half of the summed differences of two histograms: 0 is the same, 1 has nothing in common.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).sum::<f64>() / 2.0
}

/// Regions of the positives' lengths and GC contents at random places that touch neither them nor
/// what is excluded.
pub fn gc_matched(genome: &Genome, positives: &Intervals, how: &Matching) -> Result<Intervals> {
    let own = positives.in_genome(genome)?;
    if own.is_empty() {
        bail!(
            "value",
            "there are no positives to match: the list is empty"
        );
    }
    let taken = match &how.exclude {
        Some(exclude) => Intervals {
            fields: Vec::new(),
            ..own.clone()
        }
        .concat(&Intervals {
            fields: Vec::new(),
            ..exclude.clone()
        }),
        None => own.clone(),
    };
    let mut places = Places::new(genome, Some(&taken));
    // what is still to be found: for each bin the lengths
    let mut wanted: Vec<Vec<i64>> = vec![Vec::new(); bins(how.width)];
    let mut codes = Vec::new();
    for place in &own.rows {
        let (gc, _) = content(genome, place, &mut codes)?;
        wanted[bin(gc, how.width)].push(place.len());
    }
    let mut rng = Rng::keyed(&[how.seed, 0x6763_6d61]);
    for lengths in &mut wanted {
        let n = (lengths.len() as f64 * how.ratio).round() as usize;
        let originals = lengths.clone();
        lengths.resize_with(n, || originals[rng.below(originals.len().max(1))]);
        rng.shuffle(lengths);
    }
    let asked: usize = wanted.iter().map(Vec::len).sum();
    let patience = 20_000.max(20 * asked);
    let (mut out, mut tries, mut since) = (Vec::new(), 0usize, 0usize);
    while out.len() < asked && since < patience {
        tries += 1;
        since += 1;
        // the bin that a place falls into is not known before; the length is one that is still
        // wanted
        let mut pick = rng.below(asked - out.len());
        let Some(lengths) = wanted.iter().find(|lengths| {
            let here = pick < lengths.len();
            pick -= if here { 0 } else { lengths.len() };
            here
        }) else {
            break;
        };
        let length = lengths[pick];
        let Some(place) = places.draw(length, None, &mut rng) else {
            break;
        };
        let (gc, unknown) = content(genome, &place, &mut codes)?;
        let found = &mut wanted[bin(gc, how.width)];
        if unknown > how.unknown {
            continue;
        }
        if let Some(slot) = found.iter().rposition(|own| *own == length) {
            found.swap_remove(slot);
            out.push(place);
            since = 0;
        }
    }
    let found = out.len();
    if found == 0 || (found < asked && !how.is_short_allowed) {
        let open = wanted
            .iter()
            .enumerate()
            .filter(|(_, lengths)| !lengths.is_empty());
        let Some((most, lengths)) = open.max_by_key(|(_, lengths)| lengths.len()) else {
            return Err(fault!("value", "no regions were asked for")
                .hint("`ratio` is the number for each positive"));
        };
        let (low, length) = (
            most as f64 * how.width,
            lengths.iter().copied().min().unwrap_or(0),
        );
        let fault = fault!(
            "data",
            "{found} of {asked} regions of matching GC content were found in {tries} tries: \
             most are missing at GC content {low:.2} to {:.2}, \
             where the shortest has {length} bases",
            (low + how.width).min(1.0)
        );
        let short = if how.is_short_allowed || found == 0 {
            ""
        } else {
            ", or take what was found (`short: \"accept\"`)"
        };
        return Err(fault.hint(format!(
            "allow coarser bins (`width`, now {}), more N (`max_n`), or exclude less{short}",
            how.width
        )));
    }
    let mut list = Intervals::new(genome.contigs.clone(), out);
    let (a, b) = (
        histogram(genome, &own, how.width)?,
        histogram(genome, &list, how.width)?,
    );
    list.notes.push(format!(
        "{found} of {asked} regions found; their GC histogram differs from the positives' by \
        {:.3} (0 is the same, 1 has nothing in common)",
        distance(&a, &b)
    ));
    Ok(list)
}

/// Random regions of one length that overlap nothing of a list, with starts at multiples of `step`.
pub fn random(
    genome: &Genome,
    n: usize,
    length: i64,
    exclude: Option<&Intervals>,
    unknown: f64,
    step: i64,
    seed: u64,
) -> Result<Intervals> {
    let mut out = memory::reserved(n, "random regions")?;
    let mut places = Places::new(genome, exclude).every(step);
    let mut rng = Rng::keyed(&[seed, 0x7261_6e64]);
    let (mut codes, mut tries) = (Vec::new(), 0usize);
    while out.len() < n {
        tries += 1;
        if tries.is_multiple_of(1 << 16) {
            interrupt::check()?;
        }
        let place = if tries > n.max(100).saturating_mul(100) {
            None
        } else {
            places.draw(length, None, &mut rng)
        };
        let Some(place) = place else {
            bail!(
                "data",
                "{} of {n} random regions of {length} bases were found",
                out.len();
                hint: "the genome leaves too little room: exclude less, or ask for shorter ones"
            );
        };
        if unknown < 1.0 && content(genome, &place, &mut codes)?.1 > unknown {
            continue;
        }
        out.push(place);
    }
    Ok(Intervals::new(genome.contigs.clone(), out))
}
