//! `cistron audit`: whether the data of a file are a fair test.

use super::exit::{FAILED, fail};
use crate::lang::{engine, session, show};
use crate::{bail, fault};
use clap::Args;
use rhai::{Dynamic, Scope};
use std::path::{Path, PathBuf};

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
    /// File of one value for each row (of two files of data, of both one after the other), such as
    /// its cell type, which training and test rows should not share: NAME=FILE, any number of times
    #[arg(long, value_name = "NAME=FILE")]
    entity: Vec<String>,
    /// File of a network's prediction for each row of the second file of data, one a line
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    /// Numbers of the labels, from 0, that measure the same: 0,1
    #[arg(long, value_delimiter = ',', value_name = "LABELS")]
    replicates: Vec<i64>,
    /// Column of the sequences in tables of another form: its name, or its number from 1
    #[arg(long, value_name = "COLUMN", requires = "labels")]
    sequence: Option<String>,
    /// Columns of the labels in tables of another form
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "COLUMNS",
        requires = "sequence"
    )]
    labels: Vec<String>,
    /// Length that sequences are cropped or padded to, around their middle, where they differ
    #[arg(long)]
    length: Option<i64>,
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
            data::fasta(path, (), sizes).with_shuffles(#{ seed: seed })
        } else {
            let set = data::table(path, sizes + columns);
            if set.label.min().item() < threshold { return set; }
            set.with_shuffles(#{ seed: seed })
        }
    };
    let options = #{
        label: label, threshold: threshold, identity: identity, split: way, share: share,
        seed: seed, replicates: replicates,
    };
    let set = read.call(paths[0]);
    let entities = #{};
    if paths.len() > 1 {
        options.test = read.call(paths[1]);
        let n = set.len();
        for name in values.keys() {
            let both = values[name];
            if both.len() != n + options.test.len() {
                let wanted = `${n} and ${options.test.len()} rows`;
                throw `--entity ${name}: ${both.len()} values for ${wanted}`;
            }
            entities[name] = #{ train: both.extract(0, n), test: both.extract(n) };
        }
    } else {
        entities = values;
        if predicted != () {
            throw "--predictions needs two files of data: they are those of the second";
        }
    }
    if entities.len() > 0 { options.entities = entities; }
    if predicted != () { options.predictions = tensor::from(predicted); }
    if motif_file != () { options.motifs = motifs::load(motif_file); }
    data::audit(set, options)
"#;

/// Turns the report into values that JSON has.
const PLAIN: &str = r#"
    let rows = [];
    let table = found.baselines;
    for i in 0..table.len() {
        let row = #{};
        for name in table.names {
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
        if n == () && ["reverse_complements", "similar"].contains(kind) { continue; }
        print(`  ${name}: ${if n == () { "not known" } else { n.to_string() }}`);
    }
    for pair in leaks.examples.extract(0, 5) {
        print(`  ${pair.test} ~ ${pair.train}: ${pair.overlap} bp, identity ${pair.identity}`);
    }
    for name in leaks.entities.keys() {
        print(`  shared ${name}: ${leaks.entities[name].rows}`);
    }
    let columns = found.baselines.names;
    print(found.baselines.columns(columns.filter(|name| {
        name != "text" && (leaks.count > 0 || name != "average_precision_without_leaks")
    })));
    let labels = found.labels;
    print(`training labels: ${labels.positives} positives, ${labels.negatives} negatives, ` +
        `${labels.duplicates} duplicates, ${labels.contradictions} in contradictions, ` +
        `accuracy at most ${labels.ceiling}`);
    if labels.shuffles != () {
        let own = labels.shuffles;
        print(`  ${own.rows} negatives have the ${own.k}-mer counts of a positive`);
    }
    if labels.replicates != () {
        let own = labels.replicates;
        print(`${own.replicates} replicates of ${own.rows} rows: ${own.disagreement} disagree, ` +
            `AUROC at most ${own.auroc}, accuracy ${own.accuracy}, ` +
            `correlation ${own.largest_correlation} (${own.assumptions})`);
    }
    for point in labels.learning { print(`  regression on ${point.rows} rows: ${point.auroc}`); }
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
        no_progress: arguments.json,
        device: "cpu".into(),
        ..session::Settings::default()
    });
    match examined(arguments) {
        Ok(true) => 0,
        Ok(false) => FAILED,
        Err(fault) => fail(&fault, arguments.json),
    }
}

/// The lines of a file.
fn lines_of(path: &Path) -> crate::Result<Vec<String>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| fault!("file", "cannot read `{}`: {error}", path.display()))?;
    Ok(text.lines().map(|line| line.trim().to_string()).collect())
}

/// The values of entities by name.
fn entities_of(arguments: &AuditArguments) -> crate::Result<rhai::Map> {
    let one = |given: &String| {
        let Some((name, path)) = given.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            bail!("option", "`--entity` must be NAME=FILE, got `{given}`")
        };
        let values: rhai::Array = lines_of(Path::new(path))?
            .into_iter()
            .map(Into::into)
            .collect();
        Ok((name.into(), values.into()))
    };
    arguments.entity.iter().map(one).collect()
}

/// The numbers of a file, one a line.
fn numbers_of(path: &Path) -> crate::Result<Dynamic> {
    let lines = lines_of(path)?;
    let number = |(i, line): (usize, &String)| match line.parse::<f64>() {
        Ok(number) => Ok(Dynamic::from(number)),
        Err(_) => bail!(
            "data",
            "`{}` line {}: `{line}` is no number",
            path.display(),
            i + 1
        ),
    };
    let numbers = lines.iter().enumerate().map(number);
    Ok(numbers.collect::<crate::Result<rhai::Array>>()?.into())
}

/// The options that say where tables have sequences and labels, and the length of sequences.
fn columns_of(arguments: &AuditArguments) -> (rhai::Map, rhai::Map) {
    let mut columns = rhai::Map::new();
    if let Some(sequence) = &arguments.sequence {
        columns.insert("sequence".into(), sequence.clone().into());
        let labels = arguments.labels.iter().cloned().map(Dynamic::from);
        columns.insert("label".into(), labels.collect::<rhai::Array>().into());
    }
    let length = arguments
        .length
        .map(|length| ("length".into(), length.into()));
    (columns, length.into_iter().collect())
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
    let replicates = arguments.replicates.iter().copied().map(Dynamic::from);
    scope.push("replicates", replicates.collect::<rhai::Array>());
    let (columns, sizes) = columns_of(arguments);
    scope.push("columns", columns);
    scope.push("sizes", sizes);
    scope.push("values", entities_of(arguments)?);
    let predicted = arguments.predictions.as_deref().map(numbers_of);
    scope.push_dynamic("predicted", predicted.transpose()?.unwrap_or(Dynamic::UNIT));
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
