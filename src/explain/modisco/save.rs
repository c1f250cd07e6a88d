//! Files of what was found: the reference's HDF5 layout, and motifs.

use super::{Discovery, Pattern, Tracks};
use cistron_base::Result;
use cistron_genome::seq::Motif;
use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use std::path::Path;

fn matrix(group: &mut GroupBuilder, name: &str, rows: &[[f64; 4]]) {
    group
        .create_dataset(name)
        .with_f64_data(rows.as_flattened())
        .with_shape(&[rows.len() as u64, 4]);
}

fn seqlets(group: &mut GroupBuilder, tracks: &Tracks, pattern: &Pattern) {
    let n = pattern.seqlets.len() as u64;
    let whole =
        |of: &dyn Fn(&super::Seqlet) -> i64| pattern.seqlets.iter().map(of).collect::<Vec<i64>>();
    group.create_dataset("n_seqlets").with_i64_data(&[n as i64]);
    group
        .create_dataset("start")
        .with_i64_data(&whole(&|seqlet| i64::from(seqlet.start)));
    group
        .create_dataset("end")
        .with_i64_data(&whole(&|seqlet| i64::from(seqlet.end)));
    group
        .create_dataset("example_idx")
        .with_i64_data(&whole(&|seqlet| i64::from(seqlet.example)));
    // truth values as the reference's reader takes them
    group.create_dataset("is_revcomp").with_i8_data(
        &pattern
            .seqlets
            .iter()
            .map(|seqlet| i8::from(seqlet.reverse))
            .collect::<Vec<_>>(),
    );
    let (mut sequence, mut actual, mut hypothetical) = (Vec::new(), Vec::new(), Vec::new());
    for seqlet in &pattern.seqlets {
        for place in 0..seqlet.len() {
            let (code, four) = tracks.at(seqlet, place);
            for (base, own) in four.into_iter().enumerate() {
                let here = usize::from(code) == base;
                sequence.push(if here { 1f32 } else { 0.0 });
                actual.push(if here { own } else { 0.0 });
                hypothetical.push(own);
            }
        }
    }
    for (name, values) in [
        ("sequence", sequence),
        ("contrib_scores", actual),
        ("hypothetical_contribs", hypothetical),
    ] {
        group
            .create_dataset(name)
            .with_f32_data(&values)
            .with_shape(&[n, pattern.len() as u64, 4]);
    }
}

fn fill(group: &mut GroupBuilder, tracks: &Tracks, pattern: &Pattern, parts: &[Pattern]) {
    matrix(group, "sequence", &pattern.sequence());
    matrix(group, "contrib_scores", &pattern.contributions());
    matrix(group, "hypothetical_contribs", &pattern.hypothetical());
    let mut own = group.create_group("seqlets");
    seqlets(&mut own, tracks, pattern);
    group.add_group(own.finish());
    for (i, part) in parts.iter().enumerate() {
        let mut below = group.create_group(&format!("subpattern_{i}"));
        fill(&mut below, tracks, part, &[]);
        group.add_group(below.finish());
    }
}

/// Writes patterns, their seqlets and parts as modisco-lite does, so that its readers take them.
pub fn h5(found: &Discovery, tracks: &Tracks, path: &Path) -> Result<()> {
    let mut file = FileBuilder::new();
    file.set_attr("window_size", AttrValue::I64(tracks.length as i64));
    for (name, cluster) in [
        ("pos_patterns", &found.positive),
        ("neg_patterns", &found.negative),
    ] {
        if cluster.patterns.is_empty() {
            continue;
        }
        let mut group = file.create_group(name);
        for (i, (pattern, parts)) in cluster.patterns.iter().zip(&cluster.parts).enumerate() {
            let mut own = group.create_group(&format!("pattern_{i}"));
            fill(&mut own, tracks, pattern, parts);
            group.add_group(own.finish());
        }
        file.add_group(group.finish());
    }
    let bytes = file
        .finish()
        .map_err(|error| cistron_base::fault!("file", "`{}`: {error}", path.display()))?;
    cistron_base::file::write_whole(path, &bytes)
}

/// The shares of bases of each pattern as motifs, cut where contributions fall below a share of
/// their largest.
pub fn motifs(found: &Discovery, share: f64) -> Vec<Motif> {
    let of = |name: &str, patterns: &[Pattern]| {
        let one = |(i, pattern): (usize, &Pattern)| {
            let (from, to) = trimmed(pattern, share);
            let ppm = pattern.sequence()[from..to]
                .iter()
                .map(|row| cistron_genome::seq::motif::shares(*row))
                .collect();
            Motif {
                sites: pattern.seqlets.len() as f64,
                ..Motif::new(format!("{name}_{i}"), ppm)
            }
        };
        patterns.iter().enumerate().map(one).collect::<Vec<_>>()
    };
    [
        of("positive", &found.positive.patterns),
        of("negative", &found.negative.patterns),
    ]
    .concat()
}

/// The places whose summed contributions reach a share of the largest, with all between them.
pub fn trimmed(pattern: &Pattern, share: f64) -> (usize, usize) {
    let sizes: Vec<f64> = pattern
        .contributions()
        .iter()
        .map(|row| row.iter().map(|x| x.abs()).sum())
        .collect();
    let least = share * sizes.iter().copied().fold(0.0, f64::max);
    let reaches = |size: &f64| *size >= least;
    (
        sizes.iter().position(reaches).unwrap_or(0),
        sizes
            .iter()
            .rposition(reaches)
            .map_or(sizes.len(), |last| last + 1),
    )
}
