//! Effects of variants on a network's output, streamed from a VCF file.

mod divided;
mod table;
mod write;

pub use table::{Columns, Effect, table};

use super::incremental::values;
use super::target::{Still, Target};
use cistron_base::Result;
use cistron_genome::seq::variants::{Reader, State, Variant};
use cistron_genome::seq::{Genome, alphabet};
use cistron_world as world;
use divided::Measured;
use std::collections::BTreeMap;
use std::path::Path;
use write::Writer;

/// Number of variants that are evaluated together.
const CHUNK: usize = 2048;
/// Number of effects that are kept where they are written to a file.
const KEPT: usize = 1000;

/// How effects are computed.
pub struct EffectSettings<'a> {
    /// Reference genome of the variants.
    pub genome: &'a Genome,
    /// What is measured, for each label.
    pub targets: &'a [Target],
    /// Length of the windows, that of the network's input.
    pub length: usize,
    /// Whether windows are also read on the reverse strand.
    pub both_strands: bool,
    /// Whether indels are moved as far to the left as possible.
    pub normalise: bool,
    /// Number of sequences in a forward pass.
    pub batch: usize,
}

/// The variants that have no effect for one reason.
pub struct Skipped {
    /// Their state.
    pub state: State,
    /// Their number.
    pub count: usize,
    /// The first of them.
    pub first: Variant,
}

/// The effects of a file of variants.
#[derive(Default)]
pub struct Effects {
    /// All effects, or the first ones where they are written to a file.
    pub shown: Vec<Effect>,
    /// Number of variants.
    pub total: usize,
    /// Variants without an effect, by the word of their state.
    pub skipped: BTreeMap<&'static str, Skipped>,
}

impl Skipped {
    /// The variants and what may be the cause, in words.
    pub fn text(&self, total: usize) -> String {
        let Skipped {
            state,
            count,
            first,
        } = self;
        let advice = match state {
            State::Swapped => {
                "; the alternate allele is in the genome: are reference and alternate exchanged?"
            }
            State::Mismatched => "; is the genome of another assembly?",
            State::NotBases => {
                "; alleles are written in A, C, G, T and N, an indel with the base before it \
                (`bcftools norm -f genome.fa`)"
            }
            State::Symbolic => {
                "; of symbolic alleles only <DEL> has a sequence, where END or SVLEN states its \
                length"
            }
            _ => "",
        };
        format!(
            "{count} of {total} variants: {}, such as {}:{} {}>{}{advice}",
            state.word(),
            first.chrom,
            first.start + 1,
            first.reference,
            first.alternate,
        )
    }
}

impl Effects {
    fn count(&mut self, effects: &[Effect]) {
        self.total += effects.len();
        for effect in effects.iter().filter(|effect| effect.state != State::Fits) {
            let first = || Skipped {
                state: effect.state,
                count: 0,
                first: effect.variant.clone(),
            };
            let skipped = self.skipped.entry(effect.state.word());
            skipped.or_insert_with(first).count += 1;
        }
    }
}

impl EffectSettings<'_> {
    /// The columns of numbers that effects have.
    pub fn columns(&self) -> Columns {
        Columns {
            labels: self.targets.len(),
            both_strands: self.both_strands,
        }
    }

    /// Computes the effects of a VCF file, in chunks; they are written to `save` where it is given.
    /// Of several processes the first writes it; it is complete when all of them return.
    pub fn stream(&self, still: &Still, path: &Path, save: Option<&Path>) -> Result<Effects> {
        let mut reader = Reader::open(path)?;
        let mut writer = match save.filter(|_| world::is_first()) {
            Some(path) => Some(Writer::open(path, &reader.header, self.columns())?),
            None => None,
        };
        let mut effects = Effects::default();
        loop {
            let (mut lines, mut variants) = (Vec::new(), Vec::new());
            while variants.len() < CHUNK
                && let Some((line, record)) = reader.next_record()?
            {
                lines.push((line, record.len()));
                variants.extend(record);
            }
            if lines.is_empty() {
                break;
            }
            let chunk = self.effects(still, variants)?;
            effects.count(&chunk);
            if save.is_none() {
                effects.shown.extend(chunk);
                continue;
            }
            if let Some(writer) = &mut writer {
                writer.write_all(&lines, &chunk)?;
            }
            let room = KEPT.saturating_sub(effects.shown.len());
            effects.shown.extend(chunk.into_iter().take(room));
        }
        if let Some(writer) = writer {
            writer.close()?;
        }
        world::barrier(divided::WHAT)?;
        Ok(effects)
    }

    /// Computes the effects of variants; those that do not fit the genome have NaN. The processes
    /// of a run divide the variants, and all have the result.
    pub fn effects(&self, still: &Still, variants: Vec<Variant>) -> Result<Vec<Effect>> {
        let own = world::share_of(variants.len(), world::rank(), world::size());
        let own = self.measured(still, &variants[own])?;
        let all = divided::joined(own, self.targets.len())?;
        let effect = |(variant, Measured { state, numbers })| Effect {
            variant,
            state,
            numbers,
        };
        Ok(variants.into_iter().zip(all).map(effect).collect())
    }

    /// The states and numbers of variants.
    fn measured(&self, still: &Still, variants: &[Variant]) -> Result<Vec<Measured>> {
        let mut measured = Vec::with_capacity(variants.len());
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for variant in variants {
            let state = variant.state(self.genome)?;
            if state == State::Fits {
                let (reference, alternate) = self.windows(variant)?;
                before.extend(reference);
                after.extend(alternate);
            }
            measured.push(Measured {
                state,
                numbers: vec![[f64::NAN; 5]; self.targets.len()],
            });
        }
        let numbers = self.numbers(still, &before, &after)?;
        let fitting = measured.iter_mut().filter(|own| own.state == State::Fits);
        for (i, own) in fitting.enumerate() {
            own.numbers = numbers.iter().map(|of_label| of_label[i]).collect();
        }
        Ok(measured)
    }

    /// The windows of both alleles of a variant, as codes.
    fn windows(&self, variant: &Variant) -> Result<(Vec<u8>, Vec<u8>)> {
        match self.normalise {
            true => variant
                .normalised(self.genome)?
                .window(self.genome, self.length),
            false => variant.window(self.genome, self.length),
        }
    }

    /// The numbers of pairs of windows, for each label.
    fn numbers(&self, still: &Still, before: &[u8], after: &[u8]) -> Result<Vec<Vec<[f64; 5]>>> {
        let of = |codes: &[u8], targets: &[Target]| {
            values(still, codes, self.length, targets, self.batch)
        };
        let (before_values, after_values) = (of(before, self.targets)?, of(after, self.targets)?);
        let forward = before_values.iter().zip(&after_values);
        if !self.both_strands {
            return Ok(forward
                .map(|(before, after)| of_one_strand(before, after))
                .collect());
        }
        let targets: Vec<Target> = self.targets.iter().map(|t| t.reverse(None)).collect();
        let turned = |codes: &[u8]| of(&reverse_complements(codes, self.length), &targets);
        let (before_reverse, after_reverse) = (turned(before)?, turned(after)?);
        let reverse = before_reverse.iter().zip(&after_reverse);
        Ok(forward
            .zip(reverse)
            .map(|(forward, reverse)| of_both_strands(forward, reverse))
            .collect())
    }
}

/// The reverse complements of sequences of one length.
fn reverse_complements(codes: &[u8], length: usize) -> Vec<u8> {
    let mut codes = codes.to_vec();
    let rows = codes.chunks_exact_mut(length);
    rows.for_each(alphabet::reverse_complement);
    codes
}

/// The numbers of a label for values of the forward strand.
fn of_one_strand(before: &[f64], after: &[f64]) -> Vec<[f64; 5]> {
    let pairs = before.iter().zip(after);
    pairs
        .map(|(before, after)| {
            let effect = after - before;
            [*before, *after, effect, effect, f64::NAN]
        })
        .collect()
}

/// The numbers of a label for values before and after of both strands: their means.
fn of_both_strands(
    (before, after): (&Vec<f64>, &Vec<f64>),
    (before_reverse, after_reverse): (&Vec<f64>, &Vec<f64>),
) -> Vec<[f64; 5]> {
    (0..before.len())
        .map(|i| {
            let forward = after[i] - before[i];
            let reverse = after_reverse[i] - before_reverse[i];
            [
                f64::midpoint(before[i], before_reverse[i]),
                f64::midpoint(after[i], after_reverse[i]),
                f64::midpoint(forward, reverse),
                forward,
                reverse,
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_genome::seq::fasta::Records;
    use cistron_nn::custom::Custom;
    use cistron_nn::{How, Layer, Model, Shape};
    use cistron_torch::Device;
    use std::rc::Rc;

    fn genome() -> Result<Genome> {
        let codes = alphabet::codes("CCCCCCCCCCCC")?;
        Ok(Genome::of_records(Records {
            names: vec!["chr1".into()],
            offsets: vec![0, codes.len()],
            codes,
            ..Records::default()
        }))
    }

    /// A network that counts A.
    fn network(length: i64) -> Result<Model> {
        let layer = Custom {
            name: "count".into(),
            parameters: None,
            forward: Rc::new(|_, x, _| x.one()?.select(1, 0)?.sum(&Some(vec![1]), true)),
        };
        let how = How {
            seed: 1,
            device: Device::CPU,
            fast: true,
            precision: Default::default(),
            name: "net".into(),
        };
        Model::build(&Layer::new(layer, None), &Shape::One(vec![4, length]), &how)
    }

    #[test]
    fn effects_are_those_of_the_alternate_allele() -> Result<()> {
        let (genome, net) = (genome()?, network(4)?);
        let directory = tempfile::tempdir().expect("a folder");
        let path = directory.path().join("variants.vcf");
        let lines = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n\
            chr1\t6\ta\tC\tA,AA\t.\t.\t.\nchr1\t6\tb\tG\tA\t.\t.\tX=1\n";
        std::fs::write(&path, lines).expect("a file");
        let targets = [Target::Label(0)];
        let plan = EffectSettings {
            genome: &genome,
            targets: &targets,
            length: 4,
            both_strands: true,
            normalise: true,
            batch: 2,
        };
        let saved = directory.path().join("effects.vcf");
        let effects = plan.stream(&Still::of(&net)?, &path, Some(&saved))?;
        // the reverse strand of A is T, of which there is none
        let [first, second, third] = &effects.shown[..] else {
            panic!("three alleles")
        };
        assert_eq!(first.numbers, [[0.0, 0.5, 0.5, 1.0, 0.0]]);
        assert_eq!(second.numbers, [[0.0, 1.0, 1.0, 2.0, 0.0]]);
        assert!(third.numbers[0].iter().all(|number| number.is_nan()));
        assert_eq!((effects.total, effects.skipped["mismatched"].count), (3, 1));
        let text = effects.skipped["mismatched"].text(3);
        assert!(
            text.starts_with("1 of 3 variants: mismatched, such as chr1:6 G>A;"),
            "{text}"
        );
        let written = std::fs::read_to_string(&saved).expect("a file");
        let rows: Vec<&str> = written
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        assert_eq!(
            rows,
            [
                "chr1\t6\ta\tC\tA,AA\t.\t.\tREFERENCE_VALUE=0,0;ALTERNATE_VALUE=0.5,1;EFFECT=0.5,1;\
                 EFFECT_FORWARD=1,2;EFFECT_REVERSE=0,0",
                "chr1\t6\tb\tG\tA\t.\t.\tX=1;REFERENCE_VALUE=.;ALTERNATE_VALUE=.;EFFECT=.;\
                 EFFECT_FORWARD=.;EFFECT_REVERSE=."
            ]
        );
        Ok(())
    }
}
