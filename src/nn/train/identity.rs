//! The identity of a training: its network, data and settings. A checkpoint stores it, and is
//! loaded only into the same training.

use super::networks::Networks;
use super::settings::FitSettings;
use crate::Model;
use crate::optim::{Optimizer, Rule};
use cistron_base::{Interval, Result};
use cistron_genome::data::ragged::RowValues;
use cistron_genome::data::{Channel, Column, Dataset, LabelGroup, LabelMatrix};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Weak};

/// Properties of a training by name: settings as text, data and weights as hashes. The number of
/// epochs is not among them, because a training may be continued for more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity(BTreeMap<String, String>);

impl Identity {
    /// Returns the properties of a loop of the caller over networks with their initial weights.
    pub fn of_loop(networks: &Networks, optimizers: &[String]) -> Result<Identity> {
        let mut out = Identity::of_networks(networks)?;
        out.0.insert("optimizer".into(), optimizers.join("; "));
        Ok(out)
    }

    /// Returns the properties of networks with their initial weights.
    fn of_networks(networks: &Networks) -> Result<Identity> {
        let mut out = BTreeMap::new();
        let mut note = |name: &str, value: String| out.insert(name.to_string(), value);
        let architecture = |(network, model): (&str, &Model)| {
            let shapes: Vec<String> = model
                .state()
                .iter()
                .map(|(name, tensor)| format!("{name} {:?}", tensor.shape()))
                .collect();
            let (input, summary) = (model.input().text(), model.summary());
            format!("{network}{input} {shapes:?} {summary}")
        };
        let architectures: Vec<String> = networks.iter().map(architecture).collect();
        note("architecture", hash(architectures.concat().as_bytes()));
        let frozen: Vec<String> = networks
            .parameters()
            .into_iter()
            .filter(|(_, tensor)| !tensor.is_grad_on())
            .map(|(name, _)| name)
            .collect();
        note("frozen parameters", format!("{frozen:?}"));
        note(
            "initial weights",
            cistron_torch::file::hash_of(&networks.state())?,
        );
        Ok(Identity(out))
    }

    /// Whether the training was one of networks with the layers and shapes of these.
    pub fn has_layers_of(&self, networks: &Networks) -> Result<bool> {
        let Identity(is) = Identity::of_networks(networks)?;
        Ok(self.0.get("architecture") == is.get("architecture"))
    }

    /// Returns the properties of a training; the networks have their initial weights.
    pub fn of(networks: &Networks, settings: &FitSettings) -> Result<Identity> {
        let Identity(mut out) = Identity::of_networks(networks)?;
        let mut note = |name: &str, value: String| out.insert(name.to_string(), value);
        note("training data", digest(&settings.train));
        note(
            "validation data",
            settings
                .valid
                .as_ref()
                .map_or_else(|| "none".into(), digest),
        );
        note("loss", settings.loss.settings_text());
        let optimizer = &settings.optimizer;
        let mut text = optimizer_text(optimizer);
        for next in optimizer.followers() {
            text += &format!(
                ", then {}, learning rate {}",
                optimizer_text(&next),
                next.lr
            );
        }
        if optimizer.is_sequence() {
            text += &format!(", from {:?}", optimizer.ends());
        }
        note("optimizer", text);
        note("learning rate", optimizer.lr.to_string());
        if let Some(step) = &settings.step {
            let text = |(name, own): &(String, Optimizer)| {
                let rule = rule_text(&*own.rule);
                let (lr, decay, groups) = (own.lr, own.weight_decay, &own.groups);
                format!("{name}: {rule}, learning rate {lr}, weight decay {decay}, {groups:?}")
            };
            let all: Vec<String> = step.optimizers.iter().map(text).collect();
            note("optimizers", all.join("; "));
        }
        note(
            "schedule",
            settings
                .schedule
                .as_ref()
                .map_or_else(|| "none".into(), |schedule| format!("{schedule:?}")),
        );
        note("augmentation", settings.augment_text.clone());
        note(
            "metrics",
            settings
                .metrics
                .iter()
                .flat_map(|own| own.names())
                .collect::<Vec<_>>()
                .join(", "),
        );
        note(
            "stopping rule",
            settings
                .stop
                .as_ref()
                .map_or_else(|| "none".into(), |stop| format!("{stop:?}")),
        );
        if settings.sampling.is_some() {
            note("sampling", "a function of the epoch".into());
        }
        note("validate_every", format!("{:?}", settings.validate_every));
        note("batch", settings.batch.to_string());
        note("seed", settings.seed.to_string());
        note(
            "clip",
            format!("{:?} {:?}", settings.clip, settings.clip_value),
        );
        note("accumulate", settings.accumulate.to_string());
        note("class_weights", format!("{:?}", settings.class_weights));
        note("drop_last", settings.drop_last.to_string());
        note("amp", format!("{:?}", settings.precision));
        // checkpoints of earlier versions have none of these
        if let Some(adaptive) = &settings.clip_adaptive {
            note("adaptive clipping", format!("{adaptive:?}"));
        }
        if let Some(noise) = &settings.noise {
            note("gradient noise", format!("{noise:?}"));
        }
        if let Some(average) = &settings.average {
            note("average", format!("{average:?}"));
        }
        Ok(Identity(out))
    }

    /// Returns the properties that differ from those of the training of a checkpoint:
    /// `batch (was 32, is 64)`.
    pub fn changes_since(&self, was: &Identity) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(was.0.keys()).collect();
        let differs = |name: &String| {
            let was = was.0.get(name).map_or("none", String::as_str);
            let is = self.0.get(name).map_or("none", String::as_str);
            if was == is {
                return None;
            }
            let is_hash = |text: &str| {
                text.len() == HASH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
            };
            let is_short = !is_hash(is) && was.len() < 60 && is.len() < 60;
            Some(if is_short {
                format!("{name} (was {was}, is {is})")
            } else {
                name.clone()
            })
        };
        names.into_iter().filter_map(differs).collect()
    }
}

/// Returns the settings of an optimizer as text.
fn optimizer_text(optimizer: &Optimizer) -> String {
    let decay = optimizer.layer_decay.as_ref();
    format!(
        "{}, weight decay {}, groups {:?}{}",
        rule_text(&*optimizer.rule),
        optimizer.weight_decay,
        optimizer.groups,
        decay.map_or(String::new(), |decay| format!(", {decay:?}"))
    )
}

/// Returns a rule as text, its type twice, as in checkpoints of earlier versions:
/// `Sgd(Sgd { momentum: 0.9 })`.
fn rule_text(rule: &dyn Rule) -> String {
    let settings = format!("{rule:?}");
    let kind = settings.split(' ').next().unwrap_or_default();
    format!("{kind}({settings})")
}

/// Digits of a hash.
const HASH: usize = 32;

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..HASH].to_string()
}

/// Hashes numbers as bytes, in blocks.
fn add_numbers<T: Copy, const N: usize>(
    hasher: &mut blake3::Hasher,
    values: &[T],
    bytes: impl Fn(T) -> [u8; N],
) {
    let mut block = Vec::with_capacity(N << 14);
    for part in values.chunks(1 << 14) {
        block.clear();
        part.iter().for_each(|value| block.extend(bytes(*value)));
        hasher.update_rayon(&block);
    }
}

fn add_regions(hasher: &mut blake3::Hasher, regions: &[Interval]) {
    add_numbers(hasher, regions, |region| {
        let mut out = [0; 21];
        out[..4].copy_from_slice(&region.chrom.to_le_bytes());
        out[4..12].copy_from_slice(&region.start.to_le_bytes());
        out[12..20].copy_from_slice(&region.end.to_le_bytes());
        out[20] = region.strand as u8;
        out
    });
}

thread_local! {
    /// Hashes of storage that several datasets or trainings of a search share.
    static CODES: RefCell<HashMap<usize, (Weak<Vec<u8>>, blake3::Hash)>> = RefCell::default();
    static VALUES: RefCell<HashMap<usize, (Weak<Vec<f32>>, blake3::Hash)>> = RefCell::default();
    static LABELS: RefCell<HashMap<usize, (Weak<LabelMatrix>, blake3::Hash)>> = RefCell::default();
}

type Cache<T> = std::thread::LocalKey<RefCell<HashMap<usize, (Weak<T>, blake3::Hash)>>>;

/// Returns the hash of shared storage, computed once in its lifetime.
fn shared<T>(
    cache: &'static Cache<T>,
    storage: &Arc<T>,
    compute: impl FnOnce(&T) -> blake3::Hash,
) -> blake3::Hash {
    let key = Arc::as_ptr(storage) as usize;
    let known = cache.with_borrow(|all| {
        all.get(&key)
            .filter(|(own, _)| own.upgrade().is_some_and(|own| Arc::ptr_eq(&own, storage)))
            .map(|(_, hash)| *hash)
    });
    known.unwrap_or_else(|| {
        let hash = compute(storage);
        cache.with_borrow_mut(|all| {
            all.retain(|_, (own, _)| own.strong_count() > 0);
            all.insert(key, (Arc::downgrade(storage), hash));
        });
        hash
    })
}

fn values_hash(storage: &Arc<Vec<f32>>) -> blake3::Hash {
    shared(&VALUES, storage, |values| floats_hash(values))
}

fn labels_hash(storage: &Arc<LabelMatrix>) -> blake3::Hash {
    shared(&LABELS, storage, |labels| {
        floats_hash(labels.as_slice().unwrap_or_default())
    })
}

fn floats_hash(values: &[f32]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    add_numbers(&mut hasher, values, f32::to_le_bytes);
    hasher.finalize()
}

/// Returns a hash of a dataset: of all values in memory, and of the file names and regions of
/// genomes and tracks.
pub fn digest(set: &Dataset) -> String {
    let mut hasher = blake3::Hasher::new();
    for input in &set.inputs {
        hasher.update(input.name.as_bytes());
        hasher.update(
            format!(
                "{:?} {:?} {}",
                input.column.row_shape(),
                input.partners,
                input.is_along
            )
            .as_bytes(),
        );
        if input.reversed_axes > 0 {
            hasher.update(format!("reversed {}", input.reversed_axes).as_bytes());
        }
        match &input.column {
            Column::Sequence { codes, .. } => {
                hasher.update(
                    shared(&CODES, codes, |codes| {
                        blake3::Hasher::new().update_rayon(codes).finalize()
                    })
                    .as_bytes(),
                );
            }
            Column::Dense { values, .. } => {
                hasher.update(values_hash(values).as_bytes());
            }
            Column::Picked {
                table,
                width,
                picks,
                ..
            } => {
                hasher.update(values_hash(table).as_bytes());
                hasher.update(&width.to_le_bytes());
                add_numbers(&mut hasher, picks, u32::to_le_bytes);
            }
            Column::Ragged(rows) => {
                match &rows.values {
                    RowValues::Bases(codes) | RowValues::Letters(codes, _) => {
                        hasher.update_rayon(codes);
                    }
                    RowValues::Numbers(values) => {
                        hasher.update(floats_hash(values).as_bytes());
                    }
                }
                for row in 0..rows.rows() {
                    let shape = rows.shape_of(row);
                    add_numbers(&mut hasher, &shape, usize::to_le_bytes);
                }
            }
            Column::Genome {
                genome, regions, ..
            } => {
                hasher.update(format!("{} {}", genome.path_text(), genome.total()).as_bytes());
                add_regions(&mut hasher, regions);
            }
            Column::Signal {
                channels, regions, ..
            } => {
                for set in channels.sets() {
                    let name = |channel: &Channel| {
                        let path = channel.track.path_text();
                        format!("{path} {} {}", channel.blank, channel.log1p)
                    };
                    let names: Vec<String> = set.iter().map(name).collect();
                    hasher.update(format!("{names:?}").as_bytes());
                }
                if let Some(sets) = channels.set_of() {
                    add_numbers(&mut hasher, sets, u32::to_le_bytes);
                }
                add_regions(&mut hasher, regions);
            }
        }
    }
    hasher.update(labels_hash(&set.labels).as_bytes());
    if set.label_groups[..] != LabelGroup::single(&set.label_names)[..] {
        hasher.update(format!("{:?}", set.label_groups).as_bytes());
    }
    add_numbers(&mut hasher, &set.rows, u32::to_le_bytes);
    let pool = set
        .pool
        .as_ref()
        .map(|pool| (pool.count, pool.redraw, pool.seed));
    set.pool
        .iter()
        .for_each(|pool| add_numbers(&mut hasher, &pool.rows, u32::to_le_bytes));
    let sampling = &set.sampling;
    sampling
        .weights
        .iter()
        .for_each(|weights| add_numbers(&mut hasher, weights, f64::to_le_bytes));
    if let Some(share) = sampling.positives {
        hasher.update(format!("positives {share}").as_bytes());
    }
    for sizes in &set.label_sizes {
        let shapes = sizes.shapes.concat();
        add_numbers(&mut hasher, &shapes, usize::to_le_bytes);
    }
    if let Some(batching) = &set.batching {
        hasher.update(format!("{batching:?}").as_bytes());
    }
    if let Some(mix) = &set.mix {
        hasher.update(format!("mix {:?} {:?}", mix.names, mix.each).as_bytes());
        for own in &mix.sampling {
            hasher.update(format!("{} {:?}", own.balance, own.positives).as_bytes());
        }
        add_numbers(&mut hasher, &mix.origin, u32::to_le_bytes);
    }
    let sampling = (
        sampling.weights.is_some(),
        sampling.balance,
        sampling.length,
        sampling.shard,
    );
    hasher.update(
        format!(
            "{:?} {:?} {pool:?} {sampling:?} {:?}",
            set.label_names, set.shuffles, set.label_partners
        )
        .as_bytes(),
    );
    hasher.finalize().to_hex()[..HASH].to_string()
}
