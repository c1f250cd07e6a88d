//! Rows that a transform changes while they are loaded, and the labels that follow them.

use super::batch::{Values, fill};
use super::peers::Peers;
use super::sample::{Blend, Labelled, Sample, Signal, Transform};
use super::{Column, Loader};
use crate::data::Input;
use cistron_base::Result;
use cistron_base::bail;
use std::sync::Arc;

impl Loader {
    /// Reads a row with its margins, changes it, and appends what is in view.
    pub(super) fn changed(
        &self,
        row: u32,
        transform: &dyn Transform,
        margin: usize,
        sample: &mut Sample,
        inputs: &mut [(String, Values)],
        labels: &mut Vec<f32>,
    ) -> Result<()> {
        let set = &self.set;
        let (mut sequences, mut signals) = (0, 0);
        for input in &set.inputs {
            if input.column.is_sequence() {
                if sample.sequences.len() == sequences {
                    sample.sequences.push(Vec::new());
                }
                let mut codes = std::mem::take(&mut sample.sequences[sequences]);
                codes.clear();
                set.push_codes(
                    &input.column,
                    row as usize,
                    margin,
                    self.epoch,
                    &mut sample.shuffler,
                    &mut codes,
                )?;
                sample.sequences[sequences] = codes;
                sequences += 1;
            } else if input.column.alphabet().is_none() {
                if sample.signals.len() == signals {
                    sample.signals.push(Signal::default());
                }
                let width = set.size_of(&input.column, row as usize);
                let width = width.last().copied().unwrap_or(1);
                let is_along = input.is_along;
                let own = &mut sample.signals[signals];
                own.values.clear();
                let edge = if is_along { margin } else { 0 };
                set.push_numbers(&input.column, row as usize, edge, &mut own.values)?;
                (own.width, own.is_along) = (width + 2 * edge, is_along);
                own.partners.clone_from(&input.partners);
                let size = set.size_of(&input.column, row as usize);
                let axes = size.len().min(input.reversed_axes);
                own.block = match input.is_along || axes == 0 {
                    true => 0,
                    false => size[size.len() - axes..].iter().product(),
                };
                if let (Some(partners), false) = (&own.partners, is_along) {
                    own.width = own.values.len() / partners.len().max(1);
                }
                signals += 1;
            }
        }
        sample.labels.clear();
        set.push_labels(row as usize, &mut sample.labels);
        sample.label_partners.clone_from(&set.label_partners);
        self.read_labelled(row, transform, margin, &mut sample.labelled)?;
        (sample.margin, sample.epoch) = (margin, self.epoch);
        if let Some(peers) = &mut sample.peers {
            peers.row = row;
        }
        transform.apply(sample, &mut self.drawing(row));
        if let Some(fault) = sample.fault.take() {
            return Err(fault);
        }
        let (mut own_sequences, mut own_signals) = (sample.sequences.iter(), sample.signals.iter());
        for (input, (_, values)) in set.inputs.iter().zip(inputs) {
            match values {
                Values::Codes(codes, _) => {
                    let own = own_sequences.next().map_or(&[][..], Vec::as_slice);
                    Arc::make_mut(codes).extend_from_slice(&own[margin..own.len() - margin]);
                }
                Values::Letters(codes, ..) => {
                    set.push_letters(&input.column, row as usize, codes);
                }
                Values::Dense(numbers, _) => {
                    let Some(own) = own_signals.next() else {
                        continue;
                    };
                    let edge = if own.is_along { margin } else { 0 };
                    own.values.chunks(own.width.max(1)).for_each(|channel| {
                        numbers.extend_from_slice(&channel[edge..channel.len() - edge])
                    });
                }
            }
            fill(values, &set.size_of(&input.column, row as usize));
        }
        match set
            .profile
            .as_ref()
            .and_then(|profile| Some((profile.bins, profile.source.as_ref()?)))
        {
            Some((bins, source)) if sample.labelled.is_on => {
                let Labelled {
                    signal,
                    start,
                    width,
                    ..
                } = &sample.labelled;
                let windows: Vec<&[f32]> = signal
                    .values
                    .chunks(signal.width.max(1))
                    .map(|row| &row[*start..start + width])
                    .collect();
                source.labels(&windows, bins, labels)?;
            }
            _ => labels.extend_from_slice(&sample.labels),
        }
        Ok(())
    }

    /// Makes other rows available to augmenters of named inputs.
    pub(super) fn lend_peers(&self, index: &[u32], sample: &mut Sample) {
        let mut needs = Vec::new();
        if let Some(transform) = &self.transform {
            transform.needs(&mut needs);
        }
        if needs.iter().any(|needs| needs.has_peers) {
            let peers = sample.peers.get_or_insert_with(|| Peers::new(&self.set));
            peers.batch.clear();
            peers.batch.extend_from_slice(index);
        }
    }

    /// Fails where augmenters name what the dataset does not have.
    fn check_names(&self) -> Result<()> {
        let mut needs = Vec::new();
        if let Some(transform) = &self.transform {
            transform.needs(&mut needs);
        }
        needs.iter().try_for_each(|own| own.check(&self.set))
    }

    /// Fails where the sequence would move or be reversed and labels could not follow.
    pub(super) fn check_labels(&self) -> Result<()> {
        self.check_names()?;
        let mut blends = Vec::new();
        if let (Some(_), Some(transform)) = (self.set.batching, &self.transform) {
            transform.blends(self.epoch, &mut blends);
            if blends.iter().any(|blend| matches!(blend, Blend::Mixup(_))) {
                bail!(
                    "data",
                    "`augment::mixup` cannot mix rows that differ in size"
                );
            }
        }
        if self.transform.as_ref().is_some_and(|own| own.reverses())
            && let Some(label) = self.set.unstated_label()
        {
            bail!(
                "data",
                "`augment::reverse_complement` reverses rows, and it is not stated what label \
                `{}` {} becomes on the reverse strand",
                label.name,
                label.shape_text();
                hint: "`data::from(#{{ … }}, #{{ label_strands: #{{ {}: \"track\" }} }})`: \
                    \"track\" reverses its last axis, \"stranded\" also exchanges pairs of \
                    channels, \"features\" leaves it as it is",
                label.name
            );
        }
        let Some(what) = self
            .transform
            .as_ref()
            .and_then(|transform| transform.displaces())
        else {
            return Ok(());
        };
        if let (None, Some(label)) = (&self.set.profile, self.set.fixed_label()) {
            bail!(
                "data",
                "`augment::{what}` moves the bases of a row, and label `{}` {}, which is along \
                the sequence, could not follow",
                label.name,
                label.shape_text();
                hint: "leave `augment::{what}` out; `label_strands: #{{ {}: \"features\" }}` of \
                    `data::from` states that the label does not depend on positions",
                label.name
            );
        }
        let is_fixed = |input: &&Input| input.reversed_axes > 0 && !input.is_along;
        if let Some(input) = self.set.inputs.iter().find(is_fixed) {
            bail!(
                "data",
                "`augment::{what}` moves the bases of a row, and input `{}`, which has \
                another length than the sequence, could not follow",
                input.name
            );
        }
        match &self.set.profile {
            Some(profile) if profile.source.is_none() => bail!(
                "data", "`augment::{what}` moves the bases of a row, and its labels, {} bins \
                along the sequence, could not follow: their signals are not known", profile.bins;
                hint: "pass what `label::signal(regions, tracks, …)` returns as `labels` of \
                    `data::regions`, with regions that hold the labelled windows at one place, or \
                    leave `augment::{what}` out"
            ),
            _ => Ok(()),
        }
    }

    /// Reads what the labels of a row come from, where its bases may move.
    fn read_labelled(
        &self,
        row: u32,
        transform: &dyn Transform,
        margin: usize,
        out: &mut Labelled,
    ) -> Result<()> {
        out.is_on = false;
        let Some(source) = self
            .set
            .profile
            .as_ref()
            .and_then(|profile| profile.source.as_ref())
        else {
            return Ok(());
        };
        if transform.displaces().is_none() {
            return Ok(());
        }
        let own = &mut out.signal;
        own.values.clear();
        out.is_on = self
            .set
            .push_profile(row as usize, margin, &mut own.values)?;
        let length = source.column.row_shape().last().copied().unwrap_or(1);
        (own.width, own.is_along, own.blank) = (length + 2 * margin, true, f32::NAN);
        own.partners = match &source.column {
            Column::Signal { partners, .. } => partners.clone(),
            _ => None,
        };
        (out.start, out.width) = (margin + source.offset, source.width);
        Ok(())
    }
}
