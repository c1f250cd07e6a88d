//! Patterns of seqlets: aligned and stacked, polished, joined where they are the same motif.

use super::overlap::Rows;
use super::slim::{self, Blocks, each_with_each};
use super::tracks::{Pattern, Seqlet, Tracks};
use super::{Settings, density, similar};
use crate::leiden;
use cistron_base::mersenne::Mersenne;
use cistron_metrics::ranking::InOrder;
use cistron_torch::parallel;

/// Seqlets of a pattern that are compared with others, at most.
const SUBSAMPLE: usize = 1000;
/// Effective neighbours where the seqlets of one pattern are split.
const PERPLEXITY: f64 = 50.0;
/// Patterns are joined where they are mixed and similar at least so much …
const JOIN: [(f64, f64); 3] = [(0.8, 0.8), (0.5, 0.85), (0.2, 0.9)];
/// … unless a pair of what would be joined is mixed and similar at most so much.
const APART: [(f64, f64); 4] = [(0.4, 0.75), (0.2, 0.8), (0.1, 0.85), (0.0, 0.9)];
/// … and wherever they are similar at least so much: how their seqlets differ is then rounding, by
/// which AUROC still ranks them.
const EQUAL: f64 = 0.9999;

/// How a seqlet is aligned with a pattern: its offset, whether it is reversed, how well it
/// fits.
type Alignment = (i32, bool, f32);

fn align_jaccard(parent: &Rows, child: &Rows, overlap: f64) -> Alignment {
    let pad = ((child.values.len() / 8) as f64 * (1.0 - overlap)).ceil() as usize;
    let (same, other) = (parent.best(child, pad), parent.best(&child.turned(), pad));
    if other.0 > same.0 {
        (other.1, true, other.0)
    } else {
        (same.1, false, same.0)
    }
}

/// Contributions less their mean, scaled to length 1.
fn centred(rows: &[[f64; 4]]) -> Vec<[f64; 4]> {
    let mean = rows.iter().flatten().sum::<f64>() / (4 * rows.len()).max(1) as f64;
    let out: Vec<[f64; 4]> = rows.iter().map(|row| row.map(|x| x - mean)).collect();
    let size = out.iter().flatten().map(|x| x * x).sum::<f64>().sqrt() + 1e-7;
    out.into_iter().map(|row| row.map(|x| x / size)).collect()
}

fn turned(rows: &[[f64; 4]]) -> Vec<[f64; 4]> {
    rows.iter()
        .rev()
        .map(|row| [row[3], row[2], row[1], row[0]])
        .collect()
}

/// The best correlation of a child laid over its parent, which has zeros around it.
fn correlation(parent: &[[f64; 4]], child: &[[f64; 4]], overlap: f64) -> (f64, i32) {
    let (long, wide) = (child.len() as i32, parent.len() as i32);
    let pad = (f64::from(long) * (1.0 - overlap)).ceil() as i32;
    let size = child.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
    let mut best = (f64::NEG_INFINITY, -pad);
    for offset in -pad..=wide - long + pad {
        let (mut dot, mut own) = (0.0, 0.0);
        for j in 0.max(-offset)..long.min(wide - offset) {
            let (x, y) = (child[j as usize], parent[(j + offset) as usize]);
            for base in 0..4 {
                dot += x[base] * y[base];
                own += y[base] * y[base];
            }
        }
        let score = dot / (size * own.sqrt());
        let score = if score.is_finite() { score } else { 0.0 };
        if score > best.0 {
            best = (score, offset);
        }
    }
    best
}

fn align_correlation(parent: &[[f64; 4]], child: &[[f64; 4]], overlap: f64) -> Alignment {
    let child = centred(child);
    let parent = centred(parent);
    let (same, other) = (
        correlation(&parent, &child, overlap),
        correlation(&parent, &turned(&child), overlap),
    );
    if other.0 > same.0 {
        (other.1, true, other.0 as f32)
    } else {
        (same.1, false, same.0 as f32)
    }
}

fn contributions(tracks: &Tracks, seqlet: &Seqlet) -> Vec<[f64; 4]> {
    let one = |place| {
        let mut row = [0.0; 4];
        let (code, own) = tracks.at(seqlet, place);
        if code < 4 {
            row[usize::from(code)] = f64::from(own[usize::from(code)]);
        }
        row
    };
    (0..seqlet.len()).map(one).collect()
}

/// Lays seqlets over a pattern, one after the other; both grow so that each covers the other.
fn merged(
    tracks: &Tracks,
    parent: &Pattern,
    seqlets: &[Seqlet],
    align: &dyn Fn(&Pattern, &Seqlet) -> Alignment,
) -> Pattern {
    let mut parent = parent.clone();
    for seqlet in seqlets {
        let (at, is_turned, _) = align(&parent, seqlet);
        let seqlet = if is_turned { seqlet.turned() } else { *seqlet };
        let (long, wide) = (seqlet.len() as i32, parent.len() as i32);
        let grown = seqlet.grown(at.max(0), (wide - (at + long)).max(0));
        if !tracks.holds(&grown) {
            continue;
        }
        let (before, behind) = ((-at).max(0), (at + long - wide).max(0));
        if before > 0 || behind > 0 {
            match parent.grown(tracks, before, behind) {
                Some(grown) => parent = grown,
                None => continue,
            }
        }
        if !parent.has(&grown) {
            parent.add(tracks, grown);
        }
    }
    parent
}

/// The window with the most information, with flanks.
fn polished(
    tracks: &Tracks,
    pattern: &Pattern,
    how: &Settings,
    background: &[f64; 4],
) -> Option<Pattern> {
    let flank = how.grown as i32;
    let grown = pattern.grown(tracks, flank, flank)?;
    let information = grown.information(background, 0.001);
    let window = how.trimmed.min(information.len());
    let sum = |start: usize| information[start..start + window].iter().sum::<f64>();
    let start = (0..=information.len() - window)
        .map(|start| (start, sum(start)))
        .fold((0, f64::NEG_INFINITY), |best, next| {
            if next.1 > best.1 { next } else { best }
        })
        .0;
    grown
        .part(tracks, start, start + window)
        .grown(tracks, flank, flank)
}

/// The pattern of a cluster; none where its seqlets lie at the ends of sequences, or its sign is
/// another.
pub fn of_cluster(
    tracks: &Tracks,
    seqlets: &[Seqlet],
    sign: f64,
    how: &Settings,
    background: &[f64; 4],
) -> Option<Pattern> {
    let mut sorted: Vec<(f32, Seqlet)> = seqlets
        .iter()
        .map(|seqlet| (tracks.size(seqlet), *seqlet))
        .collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let sorted: Vec<Seqlet> = sorted.into_iter().map(|(_, seqlet)| seqlet).collect();
    let (first, rest) = sorted.split_first()?;
    let align = |parent: &Pattern, seqlet: &Seqlet| {
        align_jaccard(
            &Rows::of(parent.rows()),
            &Rows::of(tracks.rows(seqlet)),
            how.overlap,
        )
    };
    let pattern = merged(tracks, &Pattern::of(tracks, [*first]), rest, &align);
    let pattern = polished(tracks, &pattern, how, background)?;
    let total: f64 = pattern
        .sums
        .iter()
        .flat_map(|sums| sums.contributions)
        .sum();
    (total * sign > 0.0).then_some(pattern)
}

/// Parts of a pattern whose seqlets are alike, the largest first.
pub fn parts(tracks: &Tracks, pattern: &Pattern, how: &Settings) -> Vec<Pattern> {
    let rows: Vec<Rows> = pattern
        .seqlets
        .iter()
        .map(|seqlet| Rows::of(tracks.rows(seqlet)))
        .collect();
    let near = similar::nearest_aligned(&rows, ((PERPLEXITY * 3.0 + 2.0) as usize).min(rows.len()));
    let community = leiden::best(&density::joint(&near, PERPLEXITY), how.seeds);
    let count = community.iter().max().map_or(0, |most| *most as usize + 1);
    let mut members: Vec<Vec<Seqlet>> = vec![Vec::new(); count];
    pattern
        .seqlets
        .iter()
        .zip(&community)
        .for_each(|(seqlet, own)| members[*own as usize].push(*seqlet));
    let mut found: Vec<Pattern> = members
        .into_iter()
        .map(|own| Pattern::of(tracks, own))
        .collect();
    found.sort_by_key(|part| std::cmp::Reverse(part.seqlets.len()));
    found
}

/// A pattern with what comparing it needs.
struct Candidate {
    pattern: Pattern,
    /// Numbers of what it was made of; new ones have none.
    id: usize,
    seqlets: Vec<Seqlet>,
    blocks: Blocks,
    /// Jaccard indices of its seqlets with each other.
    within: InOrder,
}

impl Candidate {
    fn of(tracks: &Tracks, pattern: Pattern, id: usize) -> Candidate {
        let n = pattern.seqlets.len();
        let seqlets: Vec<Seqlet> = if n > SUBSAMPLE {
            Mersenne::new(1234)
                .choice(n, SUBSAMPLE)
                .into_iter()
                .map(|i| pattern.seqlets[i])
                .collect()
        } else {
            pattern.seqlets.clone()
        };
        let rows: Vec<Rows> = seqlets
            .iter()
            .map(|seqlet| Rows::of(tracks.rows(seqlet)))
            .collect();
        let blocks = slim::blocks(&rows);
        Candidate {
            pattern,
            id,
            seqlets,
            within: in_order(&rows, &blocks),
            blocks,
        }
    }
}

/// Jaccard indices of rows with those of blocks, in order.
fn in_order(rows: &[Rows], others: &Blocks) -> InOrder {
    InOrder::of(&each_with_each(rows, others, &<[f32]>::to_vec).concat())
}

/// How alike two patterns are (a correlation), and how well seqlets of the first are separated from
/// those of the second (AUROC).
fn compared(tracks: &Tracks, a: &Candidate, b: &Candidate, how: &Settings) -> (f64, f64) {
    let (at, is_turned, similarity) = align_correlation(
        &a.pattern.contributions(),
        &b.pattern.contributions(),
        how.overlap,
    );
    let laid = |seqlet: &Seqlet| {
        let seqlet = if is_turned { seqlet.turned() } else { *seqlet };
        let shift = if seqlet.reverse { at } else { -at };
        Seqlet {
            start: seqlet.start + shift,
            end: seqlet.end + shift,
            ..seqlet
        }
    };
    let wide = a.pattern.len() as i32;
    // a pattern of another length is cut or grown at its end
    let fitted = |seqlet: Seqlet| seqlet.grown(0, wide - seqlet.len() as i32);
    let others: Vec<Seqlet> = b
        .seqlets
        .iter()
        .map(laid)
        .map(fitted)
        .filter(|seqlet| seqlet.start >= 0 && (seqlet.end as usize) < tracks.length)
        .collect();
    if others.is_empty() {
        return (0.0, 0.5);
    }
    let rows: Vec<Rows> = others
        .iter()
        .map(|seqlet| Rows::of(tracks.rows(seqlet)))
        .collect();
    (
        f64::from(similarity),
        a.within.auroc(&in_order(&rows, &a.blocks)),
    )
}

/// Joins patterns that are the same motif, until none are left to join; the largest first.
pub fn collapsed(
    tracks: &Tracks,
    patterns: Vec<Pattern>,
    how: &Settings,
    background: &[f64; 4],
) -> Vec<Pattern> {
    let mut next_id = patterns.len();
    let mut all: Vec<Candidate> = parallel::map(patterns.len(), &|id| {
        Candidate::of(tracks, patterns[id].clone(), id)
    });
    let mut known: std::collections::HashMap<(usize, usize), (f64, f64)> =
        std::collections::HashMap::new();
    // each round joins at least two of them, or is the last
    for _ in 0..=patterns.len() {
        let n = all.len();
        let pairs = (0..n)
            .flat_map(|i| (0..n).map(move |j| (i, j)))
            .filter(|(i, j)| i != j);
        let new: Vec<(usize, usize)> = pairs
            .filter(|(i, j)| !known.contains_key(&(all[*i].id, all[*j].id)))
            .collect();
        let found = parallel::map(new.len(), &|pair| {
            compared(tracks, &all[new[pair].0], &all[new[pair].1], how)
        });
        known.extend(
            new.iter()
                .zip(found)
                .map(|((i, j), found)| ((all[*i].id, all[*j].id), found)),
        );
        let of = |i: usize, j: usize| {
            if i == j {
                (1.0, 0.5)
            } else {
                known[&(all[i].id, all[j].id)]
            }
        };
        let similarity = |i: usize, j: usize| f64::midpoint(of(i, j).0, of(j, i).0);
        let mixed = |i: usize, j: usize| 2.0 * (1.0 - of(i, j).1.max(0.5));
        let mut pairs: Vec<(usize, usize, f64)> = (0..n)
            .flat_map(|i| (i + 1..n).map(move |j| (i, j)))
            .map(|(i, j)| (i, j, similarity(i, j)))
            .collect();
        pairs.sort_by(|a, b| b.2.total_cmp(&a.2));
        let mut groups: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
        let mut to_join = Vec::new();
        for (i, j, alike) in pairs {
            let is_mixed = mixed(i, j).min(mixed(j, i));
            if alike < EQUAL
                && !JOIN.iter().any(|(least_mixed, least_alike)| {
                    is_mixed >= *least_mixed && alike >= *least_alike
                })
            {
                continue;
            }
            let mut group = groups[i].clone();
            group.extend(groups[j].iter().filter(|k| !groups[i].contains(k)));
            let apart = |a: usize, b: usize| {
                let (is_mixed, alike) = (f64::midpoint(mixed(a, b), mixed(b, a)), similarity(a, b));
                APART
                    .iter()
                    .any(|(most_mixed, most_alike)| is_mixed <= *most_mixed && alike <= *most_alike)
            };
            if group
                .iter()
                .any(|a| group.iter().any(|b| a < b && apart(*a, *b)))
            {
                continue;
            }
            to_join.push((i, j));
            for k in &group {
                groups[*k] = group.clone();
            }
        }
        if to_join.is_empty() {
            return all.into_iter().map(|candidate| candidate.pattern).collect();
        }
        // what each of the old ones has become
        let mut becomes: Vec<usize> = (0..n).collect();
        for (i, j) in to_join {
            let (a, b) = (becomes[i], becomes[j]);
            if a == b {
                continue;
            }
            let (parent, child) = if all[a].pattern.seqlets.len() < all[b].pattern.seqlets.len() {
                (b, a)
            } else {
                (a, b)
            };
            let align = |parent: &Pattern, seqlet: &Seqlet| {
                align_correlation(
                    &parent.contributions(),
                    &contributions(tracks, seqlet),
                    how.overlap,
                )
            };
            let joined = merged(
                tracks,
                &all[parent].pattern,
                &all[child].pattern.seqlets,
                &align,
            );
            if let Some(joined) = polished(tracks, &joined, how, background) {
                all.push(Candidate::of(tracks, joined, next_id));
                next_id += 1;
                let new = all.len() - 1;
                becomes
                    .iter_mut()
                    .filter(|own| **own == a || **own == b)
                    .for_each(|own| *own = new);
            }
        }
        let mut kept = becomes.clone();
        kept.sort_unstable();
        kept.dedup();
        if kept.len() == n && kept.iter().all(|i| *i < n) {
            // nothing could be joined after all
            return all
                .into_iter()
                .take(n)
                .map(|candidate| candidate.pattern)
                .collect();
        }
        let mut left: Vec<Option<Candidate>> = all.into_iter().map(Some).collect();
        let mut order: Vec<usize> = Vec::new();
        becomes.iter().for_each(|own| {
            if !order.contains(own) {
                order.push(*own)
            }
        });
        all = order.into_iter().filter_map(|i| left[i].take()).collect();
        all.sort_by_key(|candidate| std::cmp::Reverse(candidate.pattern.seqlets.len()));
    }
    all.into_iter().map(|candidate| candidate.pattern).collect()
}

/// Splits patterns that mix motifs and joins what is the same.
pub fn sorted_out(
    tracks: &Tracks,
    patterns: Vec<Pattern>,
    how: &Settings,
    background: &[f64; 4],
) -> Vec<Pattern> {
    let mut all = Vec::new();
    for pattern in patterns {
        if pattern.seqlets.len() > how.least.max(PERPLEXITY as usize) {
            all.extend(collapsed(
                tracks,
                parts(tracks, &pattern, how),
                how,
                background,
            ));
        } else {
            all.push(pattern);
        }
    }
    let mut all = collapsed(tracks, all, how, background);
    all.sort_by_key(|pattern| std::cmp::Reverse(pattern.seqlets.len()));
    all
}
