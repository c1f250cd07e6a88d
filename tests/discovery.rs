//! TF-MoDISco against the patterns that modisco-lite 3 finds in the same contributions, and a
//! search that goes on.

use crate::{cistron, data_folder, root, said};
use std::collections::BTreeMap;
use std::path::Path;

/// Rows of `contribA … contribT` by pattern, with the number of seqlets, as `patterns.tsv` has
/// them.
fn reference(path: &Path) -> BTreeMap<String, (usize, Vec<[f64; 4]>)> {
    let text = std::fs::read_to_string(path).expect("the reference is there");
    let mut out: BTreeMap<String, (usize, Vec<[f64; 4]>)> = BTreeMap::new();
    for row in text.lines().filter(|line| line.starts_with("pos_patterns")) {
        let cells: Vec<&str> = row.split('\t').collect();
        let number = |i: usize| cells[i].parse::<f64>().expect("a number");
        let own = out
            .entry(cells[1].to_string())
            .or_insert_with(|| (number(2) as usize, Vec::new()));
        own.1.push([number(8), number(9), number(10), number(11)]);
    }
    out
}

/// The best correlation at any shift of up to 15 places, on either strand.
fn correlation(a: &[[f64; 4]], b: &[[f64; 4]]) -> f64 {
    let turned: Vec<[f64; 4]> = b
        .iter()
        .rev()
        .map(|row| [row[3], row[2], row[1], row[0]])
        .collect();
    let at = |rows: &[[f64; 4]], i: i32| {
        usize::try_from(i)
            .ok()
            .and_then(|i| rows.get(i).copied())
            .unwrap_or_default()
    };
    let one = |b: &[[f64; 4]], shift: i32| {
        let pairs: Vec<(f64, f64)> = (-20..a.len() as i32 + 20)
            .flat_map(|i| (0..4).map(move |base| (i, base)))
            .map(|(i, base)| (at(a, i)[base], at(b, i + shift)[base]))
            .collect();
        let n = pairs.len() as f64;
        let (ma, mb) = (
            pairs.iter().map(|p| p.0).sum::<f64>() / n,
            pairs.iter().map(|p| p.1).sum::<f64>() / n,
        );
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for (x, y) in pairs {
            ab += (x - ma) * (y - mb);
            aa += (x - ma).powi(2);
            bb += (y - mb).powi(2);
        }
        ab / (aa * bb).sqrt()
    };
    (-15..=15)
        .flat_map(|shift| [one(b, shift), one(&turned, shift)])
        .fold(f64::MIN, f64::max)
}

#[test]
fn the_patterns_are_those_of_modisco_lite() {
    let Some(folder) = data_folder() else { return };
    let place = tempfile::tempdir().expect("a folder");
    let script = place.path().join("nanog.rhai");
    let own = folder.join("modisco/gkmexplain_nanog");
    let text = format!(
        "let x = tensor::load_npz(\"{0}/ohe1.npz\").arr_0; let h = tensor::load_npz(\"{0}/hypscores1.npz\").arr_0;\n\
         let found = explain::modisco(h, x, #{{ max_seqlets: 2000, window: 200 }});\n\
         found.save_h5(\"{1}/found.h5\"); found.save_meme(\"{1}/found.meme\"); found.save_report(\"{1}/found.html\", #{{ known: found.motifs() }});\n\
         for p in found.patterns {{ tensor::save_npy(`{1}/${{p.name}}.npy`, p.contributions.t()); print(`${{p.name}} ${{p.seqlets}}`); }}",
        own.display(),
        place.path().display()
    );
    std::fs::write(&script, text).expect("written");
    let (out, err, code) = said(&cistron(
        &root(),
        &["run", "--no-run-dir", &script.to_string_lossy()],
    ));
    assert_eq!(code, 0, "{err}");
    let ours: Vec<(usize, Vec<[f64; 4]>)> = out
        .lines()
        .map(|line| {
            let (name, seqlets) = line.split_once(' ').expect("a name and a number");
            let rows = cistron::torch::file::load_npy(&place.path().join(format!("{name}.npy")))
                .and_then(|rows| rows.to_f64())
                .expect("as written");
            (
                seqlets.parse().expect("a number"),
                rows.chunks_exact(4)
                    .map(|row| [row[0], row[1], row[2], row[3]])
                    .collect(),
            )
        })
        .collect();
    let theirs = reference(&folder.join("modisco/nanog_half_reference/patterns.tsv"));
    assert_eq!(ours.len(), theirs.len(), "{out}");
    for (name, (seqlets, rows)) in &theirs {
        let (best, near) = ours
            .iter()
            .map(|own| (own, correlation(rows, &own.1)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .expect("there are some");
        assert!(near >= 0.95, "{name}: correlation {near}");
        assert!(
            (best.0 as f64 / *seqlets as f64 - 1.0).abs() <= 0.1,
            "{name}: {} seqlets, {seqlets} there",
            best.0
        );
    }
    let bytes = std::fs::read(place.path().join("found.h5")).expect("written");
    assert!(bytes.starts_with(b"\x89HDF"));
    let page = std::fs::read_to_string(place.path().join("found.html")).expect("written");
    assert!(
        page.matches("<section id=\"positive_").count() == theirs.len() && page.contains("q-value")
    );
}

#[test]
fn a_search_goes_on_where_it_was_killed() {
    let place = tempfile::tempdir().expect("a folder");
    let script = place.path().join("search.rhai");
    let file = place.path().join("trials.jsonl");
    let text = |trials: usize| {
        format!(
            "let found = search::tpe(#{{ x: search::uniform(0.0, 1.0) }}, |p| p.x, #{{ trials: {trials}, seed: 3, file: \"{}\" }}); print(found.trials.len());",
            file.display()
        )
    };
    let run = |trials: usize| {
        std::fs::write(&script, text(trials)).expect("written");
        said(&cistron(
            &root(),
            &["run", "--no-run-dir", &script.to_string_lossy()],
        ))
    };
    assert_eq!(run(4).0.trim(), "4");
    // a trial of a process that is gone, and a line that it left unfinished
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    let kept = std::fs::read_to_string(&file).expect("kept");
    let torn = format!(
        "{kept}{{\"trial\":4,\"params\":{{\"x\":0.5}},\"process\":\"{}:4194999:1\"}}\n{{\"trial\":4,\"st",
        host.trim()
    );
    std::fs::write(&file, torn).expect("written");
    let (out, err, _) = run(6);
    // it is started again with its number and value
    assert_eq!(out.trim(), "6", "{err}");
    assert!(err.contains("trial 4: done 0.5"), "{err}");
    let kept = std::fs::read_to_string(&file).expect("kept");
    assert!(
        kept.contains("\"again\":true") && kept.lines().all(|line| line.ends_with('}')),
        "{kept}"
    );
}
