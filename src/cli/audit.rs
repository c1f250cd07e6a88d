//! `cistron audit`: whether the data of a file are a fair test.

use super::exit::{FAILED, fail};
use crate::lang::{engine, session, show};
use clap::Args;
use rhai::{Dynamic, Scope};
use std::path::PathBuf;

/// Arguments of `cistron audit`.
#[derive(Args)]
pub struct AuditArguments {
    /// A dataset, of which a part becomes the test rows, or training and test rows: tables of
    /// sequences and labels, .safetensors of `dataset.save`, or FASTA of positives, whose
    /// dinucleotide shuffles are the negatives, as they are of tables of positives
    #[arg(required = true, num_args = 1..=2)]
    data: Vec<PathBuf>,
    /// Number of the label that is examined, from 0
    #[arg(long, default_value_t = 0)]
    label: i64,
    /// Smallest label of a positive
    #[arg(long, default_value_t = 0.5, allow_negative_numbers = true)]
    threshold: f64,
    /// Smallest share of equal bases of similar sequences
    #[arg(long, default_value_t = 0.8)]
    identity: f64,
    /// How test rows are chosen: random or homology
    #[arg(long, default_value = "random")]
    split: String,
    /// Share of the rows that are test rows
    #[arg(long, default_value_t = 0.2)]
    share: f64,
    /// Motifs (MEME), of which the best one is a baseline
    #[arg(long)]
    motifs: Option<PathBuf>,
    /// Seed of splits and subsets
    #[arg(long, default_value_t = 0)]
    seed: i64,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Reads the data, and examines them.
const SCRIPT: &str = r#"
    let read = |path| {
        let name = path + "";
        name.make_lower();
        if name.ends_with(".gz") { name.crop(0, name.len() - 3); }
        if name.ends_with(".safetensors") {
            data::load(path)
        } else if name.ends_with(".fa") || name.ends_with(".fasta") {
            data::fasta(path).with_shuffles(#{ seed: seed })
        } else {
            let set = data::table(path);
            if set.label.min().item() < threshold { return set; }
            set.with_shuffles(#{ seed: seed })
        }
    };
    let options = #{
        label: label, threshold: threshold, identity: identity, split: way, share: share,
        seed: seed,
    };
    if paths.len() > 1 { options.test = read.call(paths[1]); }
    if motif_file != () { options.motifs = motifs::load(motif_file); }
    data::audit(read.call(paths[0]), options)
"#;

/// Turns the report into values that JSON has.
const PLAIN: &str = r#"
    let rows = [];
    let table = found.baselines;
    for i in 0..table.len() {
        let row = #{};
        for name in table.names() {
            let cell = table[name][i];
            row[name] = if type_of(cell) == "tensor" { cell.item() } else { cell };
        }
        rows.push(row);
    }
    found.baselines = rows;
    found
"#;

/// Prints the report.
const PRINTED: &str = r#"
    let leaks = found.leaks;
    print(`test rows ${leaks.rows}, of which ${leaks.count} leak:`);
    for [kind, name] in [
        ["duplicates", "same sequence"], ["reverse_complements", "reverse complement"],
        ["same_interval", "same interval"], ["overlapping", "overlapping interval"],
        ["similar", "similar sequence"],
    ] {
        let n = leaks[kind];
        print(`  ${name}: ${if n == () { "not known" } else { n.to_string() }}`);
    }
    for pair in leaks.examples.extract(0, 5) {
        print(`  ${pair.test} ~ ${pair.train}: ${pair.overlap} bp, identity ${pair.identity}`);
    }
    print(found.baselines.columns(["baseline", "auroc", "average_precision", "without_leaks"]));
    let labels = found.labels;
    print(`training labels: ${labels.positives} positives, ${labels.negatives} negatives, ` +
        `${labels.duplicates} duplicates, ${labels.contradictions} in contradictions, ` +
        `accuracy at most ${labels.ceiling}`);
    for point in labels.learning { print(`  k-mers on ${point.rows} rows: ${point.auroc}`); }
    if labels.more_rows != () {
        print(`  by a power law: ${labels.more_rows.twice} on twice the rows, ` +
            `${labels.more_rows.tenfold} on ten times`);
    }
    for note in found.notes { print(`note: ${note}`); }
    print(`verdict: ${found.verdict}`);
"#;

/// Runs the command and returns its exit code: 0 where the data are a fair test.
pub fn audit(arguments: &AuditArguments) -> u8 {
    crate::torch::device::start();
    crate::bind::start(session::Settings {
        quiet: arguments.json,
        device: "cpu".into(),
        ..session::Settings::default()
    });
    match examined(arguments) {
        Ok(true) => 0,
        Ok(false) => FAILED,
        Err(fault) => fail(&fault, arguments.json),
    }
}

fn examined(arguments: &AuditArguments) -> crate::Result<bool> {
    let text = |path: &PathBuf| Dynamic::from(path.display().to_string());
    let mut scope = Scope::new();
    let paths: rhai::Array = arguments.data.iter().map(text).collect();
    scope.push("paths", paths);
    scope.push("label", arguments.label);
    scope.push("threshold", arguments.threshold);
    scope.push("identity", arguments.identity);
    scope.push("way", arguments.split.clone());
    scope.push("share", arguments.share);
    scope.push("seed", arguments.seed);
    let motifs = arguments.motifs.as_ref().map_or(Dynamic::UNIT, text);
    scope.push_dynamic("motif_file", motifs);
    let found = engine::run(SCRIPT, "audit", &mut scope).map_err(|mut fault| {
        // the script is part of the program
        fault.at = None;
        fault.trace.clear();
        fault
    })?;
    let is_fair = found
        .read_lock::<rhai::Map>()
        .and_then(|map| map.get("is_fair")?.as_bool().ok());
    let mut scope = Scope::new();
    scope.push_dynamic("found", found);
    if arguments.json {
        let plain = engine::run(PLAIN, "audit", &mut scope)?;
        crate::outln!("{}", show::to_json(&plain));
    } else {
        engine::run(PRINTED, "audit", &mut scope).map(drop)?;
    }
    Ok(is_fair.unwrap_or(false))
}
