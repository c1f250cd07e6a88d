//! TF-MoDISco: recurring patterns in contributions (Shrikumar et al. 2018; as in modisco-lite by
//! Schreiber).
//!
//! Seqlets are windows that stand out. Those of one sign are compared coarsely, by gapped k-mers,
//! then finely, by the overlap of contributions at the best shift and strand; the affinities,
//! adapted to the density around each, are clustered; the seqlets of a cluster are aligned and
//! stacked. Two rounds, then patterns that mix motifs are split and the same joined.

mod density;
mod divided;
mod extract;
mod kmers;
mod merge;
mod overlap;
pub mod report;
pub mod save;
mod settings;
mod similar;
mod slim;
mod tracks;

pub use settings::Settings;
pub use tracks::{Pattern, Seqlet, Tracks};

use super::leiden;
use cistron_base::bail;
use cistron_base::{Result, interrupt};
use cistron_metrics::correlation::spearman;
use cistron_torch::parallel;

/// Places of the window in which a pattern must hold information.
const INFORMED: usize = 6;

/// Patterns of one sign.
#[derive(Default)]
pub struct Metacluster {
    /// Patterns, the largest first.
    pub patterns: Vec<Pattern>,
    /// Parts of each pattern whose seqlets are alike, the largest first.
    pub parts: Vec<Vec<Pattern>>,
    /// How many were left after each step.
    pub funnel: Vec<(&'static str, usize)>,
}

/// All that was found.
#[derive(Default)]
pub struct Discovery {
    /// Positions, windows, passing windows, candidates.
    pub funnel: Vec<(&'static str, usize)>,
    /// Sums of a window below and above which it counts.
    pub thresholds: (f64, f64),
    /// Of seqlets that speak for the output.
    pub positive: Metacluster,
    /// Of seqlets that speak against it.
    pub negative: Metacluster,
}

/// Bytes that a run needs beside its inputs, about.
pub fn memory(tracks: &Tracks, how: &Settings) -> u64 {
    let n = how
        .seqlets
        .min(tracks.codes.len() / (how.window + how.flank).max(1)) as u64;
    let near = n.min(how.neighbours as u64 + 1);
    let length = (how.window + 2 * how.flank) as u64;
    // sums of windows, and the rounded contributions
    let windows = tracks.codes.len() as u64 * (8 * 4 + 17);
    // k-mers of both strands with their postings, rows of both strands, neighbours with
    // similarities and edges
    windows + n * (2 * 500 * 52 + 2 * 8 * 4 * length + near * (12 + 8 + 24 + 32))
}

/// Finds the patterns. Seqlets are compared by rounded contributions; patterns hold the sums of
/// those that were given.
pub fn discover(given: &Tracks, how: &Settings) -> Result<Discovery> {
    let tracks = &given.rounded();
    let seqlet = how.window + 2 * how.flank;
    if tracks.length < seqlet {
        bail!(
            "shape",
            "sequences of {} bp are shorter than a seqlet, {seqlet} bp",
            tracks.length;
            hint: "make `window` or `flank` smaller"
        );
    }
    let found = match how.recursive {
        Some(threshold) => extract::around_spans(tracks, how, threshold)?,
        None => extract::extract(tracks, how),
    };
    let steps = if how.recursive.is_some() {
        ["spans of any length", "spans that stand out"]
    } else {
        ["windows", "windows beyond a threshold"]
    };
    let funnel = vec![
        ("positions", tracks.codes.len()),
        (steps[0], found.windows),
        (steps[1], found.passing),
        ("seqlets after overlaps", found.candidates),
        (
            "seqlets of either sign",
            found.positive.len() + found.negative.len(),
        ),
    ];
    let one = |mut seqlets: Vec<Seqlet>, sign: f64| {
        let all = seqlets.len();
        seqlets.truncate(how.seqlets);
        let mut found = if all > how.fewest_seqlets {
            metacluster(tracks, seqlets, sign, how)?
        } else {
            Metacluster::default()
        };
        found
            .patterns
            .iter_mut()
            .chain(found.parts.iter_mut().flatten())
            .for_each(|pattern| *pattern = pattern.over(given));
        found.funnel.insert(0, ("seqlets", all));
        Ok(found)
    };
    Ok(Discovery {
        funnel,
        thresholds: found.thresholds,
        positive: one(found.positive, 1.0)?,
        negative: one(found.negative, -1.0)?,
    })
}

fn composition(tracks: &Tracks, seqlets: &[Seqlet]) -> [f64; 4] {
    let mut counts = [0f64; 4];
    for seqlet in seqlets {
        for place in 0..seqlet.len() {
            if let Some(count) = counts.get_mut(usize::from(tracks.at(seqlet, place).0)) {
                *count += 1.0;
            }
        }
    }
    let all = seqlets.iter().map(Seqlet::len).sum::<usize>().max(1) as f64;
    counts.map(|count| (count / all).max(1e-9))
}

fn metacluster(
    tracks: &Tracks,
    mut seqlets: Vec<Seqlet>,
    sign: f64,
    how: &Settings,
) -> Result<Metacluster> {
    let background = composition(tracks, &seqlets);
    let mut sized: Vec<(f32, Seqlet)> = seqlets
        .iter()
        .map(|seqlet| (tracks.size(seqlet), *seqlet))
        .collect();
    sized.sort_by(|a, b| b.0.total_cmp(&a.0));
    seqlets = sized.into_iter().map(|(_, seqlet)| seqlet).collect();
    let mut funnel = vec![("seqlets used", seqlets.len())];
    let mut patterns = Vec::new();
    for round in 0..2 {
        interrupt::check()?;
        if seqlets.is_empty() {
            return Ok(Metacluster {
                funnel,
                ..Metacluster::default()
            });
        }
        let mut near = kmers::nearest(
            tracks,
            &seqlets,
            sign as f32,
            (how.neighbours + 1).min(seqlets.len()),
        )?;
        interrupt::check()?;
        let fine = similar::jaccard(tracks, &seqlets, &near.of, how.overlap)?;
        let coarse = std::mem::replace(&mut near.similarity, fine);
        if round == 0 {
            (seqlets, near) = agreeing(&seqlets, near, &coarse, how.correlation);
            funnel.push((
                "seqlets whose coarse and fine neighbours agree",
                seqlets.len(),
            ));
            if seqlets.is_empty() {
                continue;
            }
        }
        interrupt::check()?;
        let community = leiden::best(&density::adapted(&near, how.perplexity), how.seeds);
        let community = with_equals(&near, community);
        let clusters = community.iter().max().map_or(0, |most| *most as usize + 1);
        funnel.push((
            [
                "clusters of the first round",
                "clusters of the second round",
            ][round],
            clusters,
        ));
        let mut members: Vec<Vec<Seqlet>> = vec![Vec::new(); clusters];
        seqlets
            .iter()
            .zip(&community)
            .for_each(|(seqlet, own)| members[*own as usize].push(*seqlet));
        interrupt::check()?;
        let made = parallel::map(clusters, &|i| {
            merge::of_cluster(tracks, &members[i], sign, how, &background)
        });
        patterns = made.into_iter().flatten().collect::<Vec<Pattern>>();
        // one seqlet a place: the first place it had, as the last pattern reads it
        let mut order: Vec<(u32, i32, i32)> = Vec::new();
        let mut last = std::collections::HashMap::new();
        for seqlet in patterns.iter().flat_map(|pattern| &pattern.seqlets) {
            if last.insert(seqlet.place(), *seqlet).is_none() {
                order.push(seqlet.place());
            }
        }
        seqlets = order.iter().map(|place| last[place]).collect();
        funnel.push((
            [
                "seqlets of patterns of the first round",
                "seqlets of patterns of the second round",
            ][round],
            seqlets.len(),
        ));
    }
    interrupt::check()?;
    let sorted = merge::sorted_out(tracks, patterns, how, &background);
    funnel.push(("patterns after splitting and joining", sorted.len()));
    let informed = |pattern: &Pattern| {
        let information = pattern.information(&background, 0.001);
        let most = information
            .windows(INFORMED.min(information.len()).max(1))
            .map(|window| window.iter().sum::<f64>())
            .fold(0.0, f64::max);
        pattern.seqlets.len() >= how.least && most >= how.information
    };
    let flank = how.final_flank as i32;
    let patterns: Vec<Pattern> = sorted
        .into_iter()
        .filter(informed)
        .filter_map(|pattern| {
            if flank == 0 {
                Some(pattern)
            } else {
                pattern.grown(tracks, flank, flank)
            }
        })
        .collect();
    funnel.push((
        "patterns with enough seqlets and information",
        patterns.len(),
    ));
    let parts = parallel::map(patterns.len(), &|i| merge::parts(tracks, &patterns[i], how));
    Ok(Metacluster {
        patterns,
        parts,
        funnel,
    })
}

/// Fine similarities of a seqlet's neighbours that differ by less are equal but for rounding.
const ALIKE: f64 = 1e-4;

/// Communities in which seqlets that are equal but for rounding are together. Modularity cannot
/// tell: a graph whose edges all weigh the same, loops too, is what it expects of chance, however
/// it is cut.
fn with_equals(near: &similar::Neighbours, community: Vec<u32>) -> Vec<u32> {
    let mut root: Vec<u32> = (0..community.iter().max().map_or(0, |most| most + 1)).collect();
    fn find(root: &[u32], mut own: u32) -> u32 {
        while root[own as usize] != own {
            own = root[own as usize];
        }
        own
    }
    for (i, (of, similarity)) in near.of.iter().zip(&near.similarity).enumerate() {
        for (j, _) in of
            .iter()
            .zip(similarity)
            .filter(|(_, similarity)| **similarity > 1.0 - ALIKE)
        {
            let (a, b) = (
                find(&root, community[i]),
                find(&root, community[*j as usize]),
            );
            root[a.max(b) as usize] = a.min(b);
        }
    }
    // numbered from 0 on without gaps, in the order of what they were
    let mut number = vec![u32::MAX; root.len()];
    let mut count = 0;
    for own in 0..root.len() as u32 {
        if find(&root, own) == own {
            number[own as usize] = count;
            count += 1;
        }
    }
    community
        .into_iter()
        .map(|own| number[find(&root, own) as usize])
        .collect()
}

/// Similarities of consecutive ranks that differ by less have the same rank.
const TIED: f64 = 1e-5;

/// Replaces similarities that are equal but for rounding by one of them, so that rounding does not
/// rank them.
fn tied(mut values: Vec<f64>) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let (mut last, mut shared) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for i in order {
        if values[i] - last > TIED {
            shared = values[i];
        }
        last = values[i];
        values[i] = shared;
    }
    values
}

/// The seqlets whose neighbours are as near by k-mers as by contributions. Where all neighbours are
/// equally near by contributions, nothing speaks against a seqlet: an order among them would be
/// that of rounding.
fn agreeing(
    seqlets: &[Seqlet],
    near: similar::Neighbours,
    coarse: &[Vec<f64>],
    least: f64,
) -> (Vec<Seqlet>, similar::Neighbours) {
    let kept: Vec<bool> = parallel::map(seqlets.len(), &|i| {
        // single precision, as in the reference
        let single = |x: f64| f64::from(x as f32);
        let both: (Vec<f64>, Vec<f64>) = near.similarity[i]
            .iter()
            .zip(&coarse[i])
            .filter(|(fine, _)| fine.abs() > 0.0)
            .map(|(fine, coarse)| (single(*fine), single(*coarse)))
            .unzip();
        let (low, high) = both
            .0
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                (low.min(*x), high.max(*x))
            });
        high - low < ALIKE || spearman(tied(both.0).into_iter(), tied(both.1).into_iter()) > least
    });
    let mut number = vec![0u32; seqlets.len()];
    let mut count = 0;
    for (own, kept) in number.iter_mut().zip(&kept) {
        *own = count;
        count += u32::from(*kept);
    }
    let mut out = similar::Neighbours {
        of: Vec::new(),
        similarity: Vec::new(),
    };
    for (i, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
        let (of, similarity) = near.of[i]
            .iter()
            .zip(&near.similarity[i])
            .filter(|(j, _)| kept[**j as usize])
            .map(|(j, s)| (number[*j as usize], *s))
            .unzip();
        out.of.push(of);
        out.similarity.push(similarity);
    }
    (
        seqlets
            .iter()
            .zip(&kept)
            .filter(|(_, kept)| **kept)
            .map(|(seqlet, _)| *seqlet)
            .collect(),
        out,
    )
}
