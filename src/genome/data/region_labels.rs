//! Several named labels of regions, each in its shape.

use super::columns::task_names;
use super::label_group::{LabelGroup, LabelStrand};
use super::profile;
use super::regions::RegionLabels;
use super::{Dataset, LabelMatrix};
use cistron_base::{Interval, Result, Strand, bail};
use std::sync::Arc;

/// A named label of regions.
pub struct NamedRegionLabel {
    /// Its name.
    pub name: String,
    /// Its shape in a region, where it is not read from signals.
    pub shape: Vec<usize>,
    /// Its numbers, and the signals that they were read from.
    pub labels: RegionLabels,
    /// What it becomes on the reverse strand, where it is stated.
    pub strand: LabelStrand,
}

/// The numbers of a label of every region.
struct Placed {
    group: LabelGroup,
    partners: Vec<usize>,
    values: Vec<f32>,
}

impl NamedRegionLabel {
    /// Shape and place on the reverse strand: signals are `[tracks, bins]`, reversed with the
    /// sequence, tracks of the two strands exchanged. `regions` are those whose labels are read
    /// from their own strand.
    fn placed(self, regions: Option<&[Interval]>) -> Result<Placed> {
        let NamedRegionLabel {
            name,
            shape,
            labels,
            strand,
        } = self;
        let mut values = labels.values;
        let Some(signal) = labels.signal else {
            let group = LabelGroup {
                name,
                shape,
                strand,
            };
            let partners = group.partners()?;
            return Ok(Placed {
                group,
                partners,
                values,
            });
        };
        let (tracks, bins) = (signal.tracks.len(), signal.reading.bins);
        let is_stranded = !signal.pairs.is_empty();
        let own = match (bins > 1, is_stranded) {
            (_, true) => LabelStrand::Stranded,
            (true, false) => LabelStrand::Track,
            (false, false) => LabelStrand::Features,
        };
        if strand != LabelStrand::Unstated && strand != own {
            bail!(
                "option",
                "`label_strands` states that `{name}` is \"{}\", its signals are \"{}\"",
                strand.name(),
                own.name();
                hint: "option `pairs` of `label::signal` names the tracks of the two strands"
            );
        }
        let partners = profile::partners(tracks, bins, &signal.pairs);
        if let Some(partners) = &partners {
            if signal.use_strand {
                profile::orient(&mut values, partners, &signal.regions.rows);
            }
            if let Some(regions) = regions {
                profile::orient(&mut values, partners, regions);
            }
        }
        let shape = if bins > 1 {
            vec![tracks, bins]
        } else {
            vec![tracks]
        };
        let partners = partners.map_or_else(|| (0..tracks * bins).collect(), |own| own.to_vec());
        Ok(Placed {
            group: LabelGroup {
                name,
                shape,
                strand: own,
            },
            partners,
            values,
        })
    }
}

impl Dataset {
    /// A dataset of all regions with named labels in place of its own. `strands` are the regions
    /// where sequences are read from the strands of the regions.
    pub fn with_region_labels(
        &self,
        labels: Vec<NamedRegionLabel>,
        strands: Option<&[Interval]>,
    ) -> Result<Dataset> {
        let rows = self.labels.nrows();
        let are_numbers = |label: &NamedRegionLabel| {
            label.labels.signal.is_none() && label.strand != LabelStrand::Features
        };
        let is_noted = strands
            .is_some_and(|regions| regions.iter().any(|row| row.strand == Strand::Reverse))
            && labels.iter().any(are_numbers);
        let placed = labels
            .into_iter()
            .map(|label| label.placed(strands))
            .collect::<Result<Vec<_>>>()?;
        let (mut names, mut partners) = (Vec::new(), Vec::new());
        for own in &placed {
            let (first, size) = (partners.len(), own.group.size());
            if own.values.len() != rows * size {
                bail!(
                    "data",
                    "label `{}` has {} rows, there are {rows} regions",
                    own.group.name,
                    own.values.len() / size.max(1)
                );
            }
            names.extend(task_names(&own.group.name, size));
            partners.extend(own.partners.iter().map(|partner| first + partner));
        }
        let mut values = Vec::with_capacity(rows * names.len());
        for row in 0..rows {
            for own in &placed {
                let size = own.group.size();
                values.extend_from_slice(&own.values[row * size..(row + 1) * size]);
            }
        }
        let Ok(values) = LabelMatrix::from_shape_vec((rows, names.len()), values) else {
            bail!("internal", "labels of regions have no common shape")
        };
        let is_moved = partners.iter().enumerate().any(|(i, own)| i != *own);
        let mut out = self.clone();
        out.labels = Arc::new(values);
        out.label_names = names;
        out.label_groups = placed.into_iter().map(|own| own.group).collect();
        out.label_partners = is_moved.then(|| Arc::new(partners));
        out.profile = None;
        if is_noted {
            out.notes.push(
                "labels are given as numbers: those of regions on the reverse strand are taken to \
                be read from that strand already"
                    .to_string(),
            );
        }
        Ok(out)
    }
}
