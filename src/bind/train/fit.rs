//! `train::…`: fitting and evaluating; histories.

use crate::base::{Result, say};
use crate::bind::script_state::ScriptState;
use crate::bind::types::{Augmenter, Data, Optim};
use crate::data::duplicates;
use crate::lang::options::{INF, MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Callback, Options, session};
use crate::metrics::Metric;
use crate::nn::Model;
use crate::nn::loss::{Link, Loss};
use crate::optim::Schedule;
use crate::torch::Precision;
use crate::train::checkpoint::{self, Keep};
use crate::train::evaluate::{self, Scores};
use crate::train::fit::{OnBatch, OnChange, OnEpoch, OnInputs, Plan, Record, Resume};
use crate::train::{self, EarlyStop, History};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};

const FIT: &[Opt] = &[
    opt("train", OptKind::Other("dataset"), "", "rows to learn from"),
    opt(
        "valid",
        OptKind::Other("dataset"),
        "",
        "rows to watch after each epoch",
    ),
    opt(
        "loss",
        OptKind::Other("loss, or a function |outputs, labels| number"),
        "",
        "what is made small",
    ),
    opt(
        "optimizer",
        OptKind::Other("optimizer"),
        "",
        "how parameters move; its state starts afresh",
    ),
    opt(
        "schedule",
        OptKind::Other("schedule"),
        "",
        "how the learning rate changes",
    ),
    opt("batch", OptKind::Int(1, MANY), "64", "rows in a batch"),
    opt(
        "epochs",
        OptKind::Int(1, MANY),
        "10",
        "passes over the training rows, at most",
    ),
    opt(
        "augment",
        OptKind::Other("augmenter"),
        "",
        "changes made to training rows",
    ),
    opt(
        "metrics",
        OptKind::Other("array of metrics"),
        "[]",
        "what is measured after each epoch, on `valid` (on `train` where there is none)",
    ),
    opt(
        "stop",
        OptKind::Other("stopping rule"),
        "",
        "when to stop early; see train::early_stop",
    ),
    opt(
        "checkpoint",
        OptKind::Choice(&["none", "best", "last", "both"]),
        "\"none\"",
        "which parameters are kept in checkpoints/<model>/ (a second training of that name: <model>-2; in a trial of a search: <file>/<trial>/<model>); \"last\" can be resumed; with \"best\" the best epoch's parameters are restored at the end",
    ),
    opt(
        "resume",
        OptKind::Text,
        "",
        "a folder of checkpoints to continue from, bit for bit on the CPU; a warning names what differs from the training that wrote it",
    ),
    opt(
        "clip",
        OptKind::Float(0.0, INF),
        "",
        "largest common norm of gradients",
    ),
    opt(
        "clip_value",
        OptKind::Float(0.0, INF),
        "",
        "largest single gradient",
    ),
    opt(
        "amp",
        OptKind::Choice(Precision::NAMES),
        "",
        "bits that operations work with while it trains: f32, bf16 (convolutions and matrix products in bfloat16), tf32 (on GPUs); the network's own unless given",
    ),
    opt(
        "accumulate",
        OptKind::Int(1, MANY),
        "1",
        "batches whose gradients are added up before a step",
    ),
    opt(
        "class_weights",
        OptKind::Other("array of numbers"),
        "",
        "how much classes 0, 1, … weigh in the loss",
    ),
    opt(
        "drop_last",
        OptKind::Bool,
        "false",
        "whether a last, smaller batch is left out",
    ),
    opt(
        "graph",
        OptKind::Bool,
        "false",
        "on a GPU: records one step and has the device do it again, which spares networks of many small layers most of their time; functions of the script in the network or the loss run while it is recorded, not in each step",
    ),
    opt(
        "seed",
        OptKind::Int(0, MANY),
        "",
        "seed of order, augmentation and dropout; the run's seed unless given",
    ),
    opt(
        "loaders",
        OptKind::Int(1, 64),
        "",
        "threads that prepare batches; the numbers do not depend on it",
    ),
    opt(
        "progress",
        OptKind::Bool,
        "true",
        "whether progress is shown",
    ),
    opt(
        "on_batch",
        OptKind::Other("function |info|"),
        "",
        "called after each batch with #{ epoch, step, loss }; false ends the run",
    ),
    opt(
        "on_epoch",
        OptKind::Other("function |info|"),
        "",
        "called after each epoch with what was measured; false ends the run",
    ),
];

const STOP: &[Opt] = &[
    opt(
        "mode",
        OptKind::Choice(&["auto", "min", "max"]),
        "\"auto\"",
        "whether smaller or larger is better; losses are better smaller",
    ),
    opt(
        "patience",
        OptKind::Int(1, MANY),
        "10",
        "epochs without gain after which it stops",
    ),
    opt(
        "min_delta",
        OptKind::Float(0.0, INF),
        "0",
        "smallest gain that counts",
    ),
    opt(
        "restore",
        OptKind::Bool,
        "true",
        "whether the best epoch's parameters are put back at the end",
    ),
];

const EVALUATE: &[Opt] = &[
    opt("batch", OptKind::Int(1, MANY), "512", "rows at a time"),
    opt(
        "both_strands",
        OptKind::Bool,
        "false",
        "whether outputs of the sequence and of its reverse complement are averaged",
    ),
    opt(
        "link",
        OptKind::Choice(&["sigmoid", "identity", "softmax", "exp"]),
        "",
        "what turns outputs into predictions: that of the loss it was trained with; sigmoid where it was not",
    ),
    opt(
        "loss",
        OptKind::Other("loss"),
        "",
        "a loss to be computed too",
    ),
];

/// Says something that a run should know, on standard error.
pub fn warn(text: &str) {
    if !session::settings().quiet {
        say::line(&format!("warning: {text}"));
    }
}

/// Says how far something is, on standard error.
pub fn tell(text: &str) {
    if !session::settings().quiet {
        say::line(text);
    }
}

fn link_of(model: &Model, o: &Options) -> Link {
    if o.has("link") {
        return match o.text("link").as_str() {
            "identity" => Link::Identity,
            "softmax" => Link::Softmax,
            "exp" => Link::Exp,
            _ => Link::Sigmoid,
        };
    }
    model.link().unwrap_or(Link::Sigmoid)
}

fn loss_of(value: Dynamic, o: &Options) -> Result<Loss> {
    if let Some(loss) = value.read_lock::<Loss>() {
        return Ok(loss.clone());
    }
    if value.is_fnptr() {
        return Ok(crate::bind::nn::loss::of_closure(
            o.need::<Callback>("loss")?,
            Link::Identity,
        ));
    }
    Err(fault!(
        "option",
        "option `loss` must be a loss or a function, got {}",
        session::describe(&value)
    ))
}

fn metrics_of(items: &Array) -> Result<Vec<Metric>> {
    let one = |item: &Dynamic| {
        item.read_lock::<Metric>()
            .map(|m| m.clone())
            .ok_or_else(|| {
                fault!(
                    "type",
                    "`metrics` must hold metrics such as metric::auroc(), got {}",
                    session::describe(item)
                )
            })
    };
    items.iter().map(one).collect()
}

/// A model's name as part of a path.
fn file_name(name: &str) -> String {
    // neither the folder itself nor the one above it
    if name.chars().all(|c| c == '.') {
        return "_".repeat(name.len().max(1));
    }
    name.chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

fn stops(answer: &Dynamic) -> bool {
    answer.as_bool() == Ok(false)
}

fn plan_of(model: &Model, o: &Options) -> Result<Plan> {
    let settings = session::settings();
    let kept = o.text("checkpoint");
    let own = session::checkpoint_folder(&file_name(model.name()));
    let given = o
        .has("resume")
        .then(|| session::find_input(&o.text("resume")))
        .transpose()?;
    // a run directory always holds what is needed to go on
    let (best, asked) = (
        kept == "best" || kept == "both",
        kept == "last" || kept == "both",
    );
    let last = asked || settings.run_dir.is_some();
    // without checkpoints nothing is written, and a sandbox need not allow it
    let folder = match &given {
        Some(path) if path.is_dir() && settings.run_dir.is_none() => path.clone(),
        _ if best || last || settings.resume => {
            session::place_output(&format!("checkpoints/{own}"), false)?
        }
        _ => std::path::PathBuf::new(),
    };
    let keep = (best || last).then(|| Keep {
        folder: folder.clone(),
        best,
        last,
        asked,
    });
    let own_state = folder.join(checkpoint::STATE);
    let resume = if settings.resume && own_state.exists() {
        let on_change = match () {
            () if settings.may_differ => OnChange::Warn,
            () if settings.starts_again => OnChange::Restart,
            () => OnChange::Refuse,
        };
        Some(Resume {
            path: own_state,
            is_own: true,
            on_change,
        })
    } else {
        given.map(|path| Resume {
            path,
            is_own: false,
            on_change: OnChange::Warn,
        })
    };
    let name = model.name().to_string();
    let record: Record = Box::new(move |epoch| {
        let mut row = serde_json::Map::from_iter([
            ("model".to_string(), name.clone().into()),
            ("epoch".into(), epoch.epoch.into()),
        ]);
        let trial = session::trial();
        if !trial.is_empty() {
            row.insert("trial".into(), trial.into());
        }
        row.extend(
            epoch
                .values
                .iter()
                .map(|(name, value)| (name.clone(), (*value).into())),
        );
        row.insert("seconds".into(), epoch.seconds.into());
        session::tell(&session::Event::Epoch(&row.into()))
    });
    let (batch_callback, epoch_callback) = (
        o.get::<Callback>("on_batch")?,
        o.get::<Callback>("on_epoch")?,
    );
    let on_batch = batch_callback.clone().map(|call| -> OnBatch {
        Box::new(move |epoch, step, loss| {
            let info = Map::from([
                ("epoch".into(), (epoch as i64).into()),
                ("step".into(), (step as i64).into()),
                ("loss".into(), loss.into()),
            ]);
            Ok(!stops(&call.call(vec![info.into()])?))
        })
    });
    let on_epoch = epoch_callback.clone().map(|call| -> OnEpoch {
        Box::new(move |epoch| {
            let mut info = crate::bind::host::words::map_of(epoch.values.clone());
            info.insert("epoch".into(), (epoch.epoch as i64).into());
            Ok(!stops(&call.call(vec![info.into()])?))
        })
    });
    let augmenter = o.get::<Augmenter>("augment")?;
    let custom = augmenter
        .as_ref()
        .map(|augmenter| augmenter.custom.clone())
        .unwrap_or_default();
    let mut callbacks = custom.clone();
    callbacks.extend([batch_callback, epoch_callback].into_iter().flatten());
    callbacks.extend(
        o.raw("loss")
            .filter(Dynamic::is_fnptr)
            .map(|_| o.need::<Callback>("loss"))
            .transpose()?,
    );
    let on_inputs = (!custom.is_empty()).then(|| -> OnInputs {
        Box::new(move |x, y| crate::bind::data::augment::customised(x, y, &custom))
    });
    let Some(loss) = o.raw("loss") else {
        bail!("option", "`train::fit` needs the option `loss`"; hint: "`loss: loss::bce_with_logits()`")
    };
    Ok(Plan {
        train: (*o.need::<Data>("train")?.0).clone(),
        valid: o.get::<Data>("valid")?.map(|data| (*data.0).clone()),
        loss: loss_of(loss, o)?,
        optimizer: o.need::<Optim>("optimizer")?.0.borrow().clone(),
        schedule: o.get::<Schedule>("schedule")?,
        batch: o.int("batch") as usize,
        epochs: o.int("epochs") as usize,
        augment: augmenter.as_ref().map(|augmenter| augmenter.step.clone()),
        augment_text: augmenter
            .as_ref()
            .map(|augmenter| augmenter.text.clone())
            .unwrap_or_default(),
        surroundings: Some(Box::new(ScriptState::new(callbacks))),
        metrics: metrics_of(&o.get::<Array>("metrics")?.unwrap_or_default())?,
        stop: o.get::<EarlyStop>("stop")?,
        keep,
        rescue: settings.run_dir.as_ref().map(|dir| {
            dir.join("checkpoints").join(format!(
                "{}.interrupted.safetensors",
                file_name(model.name())
            ))
        }),
        resume,
        clip: o.maybe_float("clip"),
        clip_value: o.maybe_float("clip_value"),
        precision: o.has("amp").then(|| Precision::named(&o.text("amp"))),
        accumulate: o.int("accumulate") as usize,
        class_weights: o.get("class_weights")?,
        drop_last: o.flag("drop_last"),
        graph: o.flag("graph"),
        seed: o
            .maybe_int("seed")
            .map_or(settings.seed, |seed| seed as u64),
        loaders: o
            .maybe_int("loaders")
            .map_or(settings.loaders, |n| n as usize),
        silent: settings.quiet || !o.flag("progress"),
        on_inputs,
        on_batch,
        on_epoch,
        record: Some(record),
    })
}

/// What a run would have measured, for a check whose data are stand-ins.
fn stand_in(model: &Model, plan: &Plan) -> History {
    let side = if plan.valid.is_some() {
        "valid"
    } else {
        "train"
    };
    let mut values = vec![
        ("train.loss".to_string(), 0.5),
        ("lr".into(), plan.optimizer.lr),
    ];
    values.extend(plan.valid.iter().map(|_| ("valid.loss".to_string(), 0.5)));
    values.extend(
        plan.metrics
            .iter()
            .map(|metric| (format!("{side}.{}", metric.name), 0.5)),
    );
    let epoch = crate::train::history::Epoch {
        epoch: 1,
        values,
        ..Default::default()
    };
    History {
        name: model.name().into(),
        epochs: vec![epoch],
        best_epoch: 1,
        best_value: Some(0.5),
        ..History::default()
    }
}

fn fit(model: &Model, o: &Options) -> Result<History> {
    let mut plan = plan_of(model, o)?;
    if session::is_dry() {
        if session::is_guessed() {
            return Ok(stand_in(model, &plan));
        }
        plan = Plan {
            train: crate::bind::data::batch::few(&plan.train),
            valid: plan.valid.as_ref().map(crate::bind::data::batch::few),
            epochs: 1,
            keep: None,
            resume: None,
            record: None,
            ..plan
        };
    }
    if let Some(valid) = &plan.valid {
        let shared = duplicates::overlap(&plan.train, valid);
        if shared > 0 {
            warn(&format!(
                "{shared} of {} validation sequences occur among the training ones, on either strand",
                valid.rows.len()
            ));
        }
    }
    model.set_link(plan.loss.link);
    train::fit(model, &plan)
}

fn scores_map(loss: Option<f64>, scores: Scores) -> Map {
    let mut map = crate::bind::host::words::map_of(
        scores.iter().map(|(name, value, _)| (name.clone(), *value)),
    );
    map.extend(loss.map(|loss| ("loss".into(), loss.into())));
    for (name, _, each) in scores {
        if !each.is_empty() {
            map.insert(format!("{name}_per_task").into(), array(each).into());
        }
    }
    map
}

natives! { natives in "train" {
    /// Trains a model in place and gives what was measured.
    ///
    /// Metrics see predictions: probabilities where the loss takes logits.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::randn([64, 2], #{ seed: 1 }), label: tensor::ones([64, 1]) });
    /// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
    /// let run = train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optim::sgd(#{ lr: 0.1 }), epochs: 20, progress: false });
    /// assert(run.last("train.loss") < 0.01);
    /// ```
    /// ```rhai,fails
    /// train::fit(nn::build(nn::linear(1), [2]), #{ trian: 1 });
    /// //~ did you mean `train`?
    /// ```
    function "fit"(c, net: Model; o = FIT) -> "history" { fit(&net, &o) }

    /// Measures a model on a dataset.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::from([[1.0], [-1.0]]), label: [1, 0] });
    /// let net = nn::build(nn::linear(1, #{ bias: false }), [1]);
    /// net["weight"] = tensor::ones([1, 1]);
    /// assert_eq(train::evaluate(net, set, [metric::auroc()]).auroc, 1.0);
    /// ```
    function "evaluate"(c, net: Model, set: Data, metrics: Array; o = EVALUATE) -> "map of numbers by metric; `<metric>_per_task` too where there are several" {
        let loss = o.get::<Loss>("loss")?;
        let link = loss.as_ref().map_or_else(|| link_of(&net, &o), |loss| loss.link);
        if session::is_dry() {
            let each = if set.0.tasks() > 1 { vec![0.5; set.0.tasks()] } else { Vec::new() };
            let stub = metrics_of(&metrics)?.into_iter().map(|metric| (metric.name, 0.5, each.clone())).collect();
            return Ok(scores_map(Some(0.5), stub));
        }
        let (loss, scores) = evaluate::evaluate(&net, &set.0, loss.as_ref(), link, &metrics_of(&metrics)?, o.int("batch") as usize, o.flag("both_strands"))?;
        Ok(scores_map(loss, scores))
    }

    /// Makes a rule that stops a run when a measured value has not improved for some epochs.
    ///
    /// ```rhai
    /// let stop = train::early_stop("valid.auroc", #{ mode: "max", patience: 8 });
    /// assert(`${stop}`.contains("valid.auroc"));
    /// ```
    function "early_stop"(c, monitor: String; o = STOP) -> "stopping rule" {
        let larger = crate::bind::train::schedule::larger(&o.text("mode"), &monitor);
        Ok(EarlyStop { monitor, larger, patience: o.int("patience") as usize, min_delta: o.float("min_delta"), restore: o.flag("restore") })
    }
} }

natives! { methods in "history" {
    /// The epoch that was best by the watched value, from 1; the last one where nothing was
    /// watched.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
    /// let run = train::fit(nn::build(nn::linear(1), [2]), #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false });
    /// assert_eq(run.best_epoch, 2);
    /// ```
    property "best_epoch"(c, this: History) -> "whole number" { Ok(this.best_epoch as i64) }

    /// The best watched value, or nothing.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
    /// let run = train::fit(nn::build(nn::linear(1), [2]), #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false });
    /// assert_eq(run.best_value, ());
    /// ```
    property "best_value"(c, this: History) -> "number or ()" { Ok(this.best_value) }

    /// Why the run ended.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
    /// let run = train::fit(nn::build(nn::linear(1), [2]), #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false });
    /// assert_eq(run.ended, "2 epochs done");
    /// ```
    property "ended"(c, this: History) -> "string" { Ok(this.ended.clone()) }

    /// How many epochs were done.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
    /// let run = train::fit(nn::build(nn::linear(1), [2]), #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false });
    /// assert_eq(run.len(), 2);
    /// ```
    method "len"(c, this: History) -> "whole number" { Ok(this.epochs.len() as i64) }

    /// The names of what was measured: `train.loss`, `valid.auroc`, `lr`, …
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
    /// let run = train::fit(nn::build(nn::linear(1), [2]), #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, progress: false });
    /// assert_eq(run.names, ["train.loss", "lr"]);
    /// ```
    property "names"(c, this: History) -> "array of strings" { Ok(array(this.names())) }

    /// A measured value of every epoch.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
    /// let run = train::fit(nn::build(nn::linear(1), [2]), #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 3, progress: false });
    /// assert_eq(run.column("train.loss").len(), 3);
    /// ```
    method "column"(c, this: History, name: String) -> "array of numbers" { Ok(array(this.column(&name)?)) }

    /// A measured value of the last epoch.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
    /// let run = train::fit(nn::build(nn::linear(1), [2]), #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, progress: false });
    /// assert(run.last("train.loss") >= 0.0);
    /// ```
    method "last"(c, this: History, name: String) -> "number" { Ok(this.column(&name)?.last().copied().unwrap_or(f64::NAN)) }

    /// How long it took.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
    /// let run = train::fit(nn::build(nn::linear(1), [2]), #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, progress: false });
    /// assert(run.seconds > 0.0);
    /// ```
    property "seconds"(c, this: History) -> "number, seconds" { Ok(this.seconds()) }
} }
