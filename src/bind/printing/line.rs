//! Values of script types in one line, or over several.

use crate::base::written::metric;
use crate::base::{Fault, Result, shape};
use crate::bind::types::{
    Aligned, Augmenter, BackgroundSource, Data, Discovered, Expressed, Genomic, Known, ModelCard,
    ModuleSet, Motifs, OfSearch, Optim, OwnRecord, Pass, Places, Protein, Ranks, Rows, Shapes,
    Signal, SimRule, Standard, StepOf, Stream, Tabled, Tokens, TreeModel, TrialOf,
};
use crate::lang::show;
use crate::metrics::Metric;
use crate::nn::loss::Loss;
use crate::nn::{Layer, Model};
use crate::optim::Schedule;
use crate::plot::Figure;
use crate::seq::Motif;
use crate::torch::{Kind, Tensor};
use crate::train::average::{AverageSettings, Weighting};
use crate::train::{EarlyStop, History};

/// Intervals in a line.
pub fn intervals(list: &Places) -> String {
    let bases: i64 = list.0.rows.iter().map(crate::base::Interval::len).sum();
    format!(
        "intervals: {}, {} bp",
        shape::grouped(list.0.len() as i64),
        shape::grouped(bases)
    )
}

/// The first intervals, as BED.
pub fn intervals_pretty(list: &Places) -> String {
    let first: Vec<u32> = (0..list.0.len().min(8) as u32).collect();
    let more = if list.0.len() > 8 { "\n…" } else { "" };
    format!(
        "{}\n{}{more}",
        intervals(list),
        list.0.select(&first).to_bed().trim_end()
    )
}

/// One tensor's values in a line.
pub fn tensor(tensor: &Tensor) -> String {
    let head = format!(
        "tensor {} {}",
        shape::text(&tensor.shape()),
        tensor.kind().name()
    );
    let device = if tensor.device().is_cuda() {
        format!(" on {}", tensor.device().name())
    } else {
        String::new()
    };
    if tensor.numel() > 16 {
        let stats = || -> Result<String> {
            let x = tensor.detach()?.to_kind(Kind::Double)?;
            let of = |t: Tensor| t.item().map(show::number);
            Ok(format!(
                " mean {} min {} max {}",
                of(x.mean(&None, false)?)?,
                of(x.amin(&None, false)?)?,
                of(x.amax(&None, false)?)?
            ))
        };
        return format!("{head}{device}{}", stats().unwrap_or_default());
    }
    format!("{head}{device} {}", tensor_values(tensor, ", ", usize::MAX))
}

/// Nested brackets; rows beyond `most` are cut.
fn tensor_values(tensor: &Tensor, between: &str, most: usize) -> String {
    let values: Result<Vec<String>> = match tensor.kind() {
        Kind::Bool => tensor
            .to_f64()
            .map(|all| all.into_iter().map(|x| (x != 0.0).to_string()).collect()),
        kind if kind.is_floating() => tensor
            .to_f64()
            .map(|all| all.into_iter().map(show::number).collect()),
        _ => tensor
            .to_i64()
            .map(|all| all.into_iter().map(|n| n.to_string()).collect()),
    };
    let Ok(values) = values else {
        return String::new();
    };
    fn nest(values: &[String], shape: &[i64], between: &str, most: usize) -> String {
        let Some((first, rest)) = shape.split_first() else {
            return values.first().cloned().unwrap_or_default();
        };
        let step = values.len() / (*first).max(1) as usize;
        let separator = if rest.is_empty() { ", " } else { between };
        let mut parts: Vec<String> = (0..(*first as usize).min(most))
            .map(|i| nest(&values[i * step..(i + 1) * step], rest, between, most))
            .collect();
        if *first as usize > most {
            parts.push("…".into());
        }
        format!("[{}]", parts.join(separator))
    }
    nest(&values, &tensor.shape(), between, most)
}

/// The first values of a tensor, one row for each line.
pub fn tensor_pretty(tensor: &Tensor) -> String {
    let head = format!(
        "tensor {} {}",
        shape::text(&tensor.shape()),
        tensor.kind().name()
    );
    if tensor.rank() == 0 {
        return self::tensor(tensor);
    }
    format!("{head}\n{}", tensor_values(tensor, ",\n ", 8))
}

/// A dataset in a line.
pub fn dataset(data: &Data) -> String {
    let set = &data.0;
    let mut line = format!(
        "dataset of {}: {}",
        shape::grouped(set.len() as i64),
        set.form()
    );
    if let Some(how) = set.shuffles {
        line += &format!(
            ", {} {}-let shuffle{} each{}",
            how.ratio,
            how.k,
            if how.ratio == 1 { "" } else { "s" },
            if how.redraw { ", redrawn" } else { "" }
        );
    }
    line
}

/// A training in a line.
pub fn history(history: &History) -> String {
    let best = history.best_value.map_or(String::new(), |value| {
        format!(
            ", {} {}",
            history.watched.clone().unwrap_or_default(),
            metric(value)
        )
    });
    format!(
        "history of {} epochs, best {}{best}",
        history.epochs.len(),
        history.best_epoch
    )
}

/// A call of a step function in a line.
pub fn step(step: &StepOf) -> String {
    let side = if step.0.is_training {
        "training"
    } else {
        "validation"
    };
    format!("step {} of epoch {}, {side}", step.0.step, step.0.epoch)
}

/// The record of a training loop in a line.
pub fn record(record: &OwnRecord) -> String {
    let record = record.0.borrow();
    format!("record of {} epochs", record.epochs())
}

/// The values of each epoch of a training.
pub fn history_pretty(history: &History) -> String {
    let names = history.names();
    let mut out = format!("{}\nepoch  {}", self::history(history), names.join("  "));
    for epoch in &history.epochs {
        let cells: Vec<String> = names
            .iter()
            .map(|name| {
                format!(
                    "{:<width$}",
                    epoch.get(name).map_or("".into(), metric),
                    width = name.len()
                )
            })
            .collect();
        out += &format!("\n{:>5}  {}", epoch.epoch, cells.join("  ").trim_end());
    }
    out
}

/// A motif in a line.
pub fn motif(motif: &Motif) -> String {
    format!(
        "motif {} {} {} bits",
        motif.name,
        motif.consensus(),
        show::number(motif.total_information())
    )
}

/// Several motifs in a line.
pub fn motifs(motifs: &Motifs) -> String {
    format!("motifs: {}", motifs.0.len())
}

/// Several motifs, a line each.
pub fn motifs_pretty(motifs: &Motifs) -> String {
    let lines: Vec<String> = motifs.0.iter().map(motif).collect();
    lines.join("\n")
}

/// A layer in a line.
pub fn layer(layer: &Layer) -> String {
    format!("layer {}", layer.text())
}

/// A network in a line.
pub fn model(net: &Model) -> String {
    format!(
        "model {}, {} parameters, {} to {}",
        net.name(),
        shape::grouped(net.count().0),
        net.input().text(),
        net.output().text()
    )
}

/// A genome in a line.
pub fn genome(genome: &Genomic) -> String {
    format!(
        "genome {}: {} chromosomes, {} bp",
        genome.0.path_text(),
        genome.0.contigs.len(),
        shape::grouped(genome.0.total())
    )
}

/// A track in a line.
pub fn track(track: &Signal) -> String {
    format!("track {}", track.0.path_text())
}

/// A batch in a line.
pub fn batch(batch: &Rows) -> String {
    format!("batch of {}", batch.0.size)
}

/// A pass over a dataset in a line.
pub fn batches(pass: &Pass) -> String {
    format!(
        "batches: {} of {}",
        pass.loader.batches(),
        pass.loader.rows()
    )
}

/// A stream of batches in a line.
pub fn stream(stream: &Stream) -> String {
    let stream = stream.batches.borrow();
    format!(
        "stream of batches of {}, at {}",
        stream.rows(),
        stream.position()
    )
}

/// A tokenizer in a line.
pub fn tokenizer(tokens: &Tokens) -> String {
    format!("tokenizer of {} tokens", tokens.0.size())
}

/// A table of DNA shape in a line.
pub fn shape_table(table: &Shapes) -> String {
    let features = table.0.features.iter().map(|feature| feature.name.as_str());
    format!("shape table: {}", features.collect::<Vec<_>>().join(", "))
}

/// A protein in a line.
pub fn protein(protein: &Protein) -> String {
    let (chains, n) = (protein.0.chains().join(", "), protein.0.len());
    let atoms = shape::grouped(protein.0.atom_count() as i64);
    format!("protein of {n} residues, {atoms} atoms, chains {chains}")
}

/// An alignment in a line.
pub fn alignment(alignment: &Aligned) -> String {
    let depth = shape::grouped(alignment.0.depth() as i64);
    format!(
        "alignment of {depth} sequences, {} columns",
        alignment.0.length
    )
}

/// An augmenter in a line.
pub fn augmenter(augmenter: &Augmenter) -> String {
    format!("augmenter {}", augmenter.text)
}

/// A loss in a line.
pub fn loss(loss: &Loss) -> String {
    format!("loss {}", loss.name)
}

/// An optimizer in a line.
pub fn optimizer(optimizer: &Optim) -> String {
    match optimizer.0.try_borrow() {
        Ok(own) => {
            let followers = own.followers();
            let next = followers
                .iter()
                .map(|next| format!(", then {}", next.rule.name()));
            let lr = show::number(own.lr);
            format!(
                "optimizer {}{}, lr {lr}",
                own.rule.name(),
                next.collect::<String>()
            )
        }
        Err(_) => "optimizer".into(),
    }
}

/// A schedule in a line.
pub fn schedule(schedule: &Schedule) -> String {
    format!("schedule {}", schedule.text())
}

/// An average of parameters in a line.
pub fn average(average: &AverageSettings) -> String {
    match average.weighting {
        Weighting::Exponential { decay } => {
            format!("exponential average, decay {}", show::number(decay))
        }
        Weighting::Equal => "average of equal weights".into(),
    }
}

/// A metric in a line.
pub fn metric_name(metric: &Metric) -> String {
    format!("metric {}", metric.name)
}

/// A stopping rule in a line.
pub fn stopping_rule(stop: &EarlyStop) -> String {
    format!(
        "stopping rule on {}, patience {}",
        stop.monitor, stop.patience
    )
}

/// A discovery in a line.
pub fn discovery(discovery: &Discovered) -> String {
    let all = &discovery.0.0;
    let (positive, negative) = (&all.positive.patterns, &all.negative.patterns);
    let first = discovery.patterns().next();
    let first = first.map_or(String::new(), |(name, pattern)| {
        format!(", {name} of {} seqlets", pattern.seqlets.len())
    });
    format!(
        "discovery: {} positive and {} negative patterns{first}",
        positive.len(),
        negative.len()
    )
}

/// A parameter of a search in a line.
pub fn space(own: &OfSearch) -> String {
    format!("space {:?}", own.space)
}

/// The processes of a run in a line.
pub fn world(_: &Ranks) -> String {
    let (rank, size) = (cistron_world::rank(), cistron_world::size());
    format!("rank {rank} of {size}")
}

/// A trial in a line.
pub fn trial(trial: &TrialOf) -> String {
    format!("trial {}", trial.number)
}

/// What is known of simulated sequences, in a line.
pub fn truth(known: &Known) -> String {
    format!(
        "truth of {} sequences, {} motifs: {}",
        known.1.len(),
        known.0.motifs.len(),
        known.rules().join("; ")
    )
}

/// A rule of simulated labels in a line.
pub fn rule(rule: &SimRule) -> String {
    format!("rule {}", rule.0.name())
}

/// A background in a line.
pub fn background(background: &BackgroundSource) -> String {
    format!(
        "background of order {}, from {} bases",
        background.0.order,
        shape::grouped(background.0.bases as i64)
    )
}

/// A table in a line.
pub fn table(table: &Tabled) -> String {
    format!(
        "table of {} rows: {}",
        table.0.len(),
        table.0.names().collect::<Vec<_>>().join(", ")
    )
}

/// The first rows of a table.
pub fn table_pretty(table: &Tabled) -> String {
    table.0.to_pretty(20)
}

/// An expression matrix in a line.
pub fn expression(matrix: &Expressed) -> String {
    let (genes, samples) = matrix.0.values().dim();
    let missing = match matrix.0.missing() {
        0 => String::new(),
        missing => format!(", {} values missing", shape::grouped(missing as i64)),
    };
    format!(
        "expression of {} genes in {} samples{missing}",
        shape::grouped(genes as i64),
        shape::grouped(samples as i64)
    )
}

/// Known edges in a line.
pub fn gold_standard(gold: &Standard) -> String {
    format!(
        "gold standard of {} pairs, {} regulators with targets",
        shape::grouped(gold.0.pairs().len() as i64),
        gold.0.sources().len()
    )
}

/// Regulatory modules in a line.
pub fn modules(modules: &ModuleSet) -> String {
    let genes: usize = modules
        .0
        .modules
        .iter()
        .map(|module| module.genes.len())
        .sum();
    format!(
        "{} modules of {genes} genes, {} regulators",
        modules.0.modules.len(),
        modules.0.regulators.len()
    )
}

/// A model of trees in a line.
pub fn trees(model: &TreeModel) -> String {
    format!(
        "{} trees on {} features",
        model.0.all().len(),
        model.0.features
    )
}

/// A model card in a line.
pub fn card(card: &ModelCard) -> String {
    format!("card of {}", card.0["name"].as_str().unwrap_or("a model"))
}

/// A model card as Markdown.
pub fn card_pretty(card: &ModelCard) -> String {
    crate::track::report::sections::card_markdown(&card.0)
}

/// A figure in a line.
pub fn figure(figure: &Figure) -> String {
    format!("figure {}", figure.title)
}

/// An error in a line.
pub fn error(fault: &Fault) -> String {
    format!("error[{}]: {}", fault.kind, fault)
}
