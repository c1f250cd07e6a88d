//! Effects of motifs that are planted in backgrounds: alone, and in pairs at distances and
//! orientations.

use super::planting::{Backgrounds, Together, together, word};
use super::target::{Still, Target};
use cistron_base::Result;
use cistron_base::seed::Rng;
use cistron_genome::seq::Motif;
use cistron_metrics::statistics::{Alternative, Mean, t};

/// Where motifs are planted, and what is measured.
pub struct Probe<'a> {
    /// The network.
    pub still: &'a Still<'a>,
    /// What is measured.
    pub target: &'a Target,
    /// Sequences in which motifs are planted.
    pub backgrounds: &'a Backgrounds,
    /// Position of the first base of the first motif; central unless given.
    pub at: Option<usize>,
    /// Number of sequences in a forward pass.
    pub batch: usize,
}

/// The target of each background without and with a motif.
pub struct Marginal {
    /// Without.
    pub before: Vec<f64>,
    /// With the motif.
    pub after: Vec<f64>,
    /// Their difference.
    pub effect: Vec<f64>,
}

/// Strands of two motifs: whether each is its reverse complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strands {
    /// Whether the first motif is reversed.
    pub first: bool,
    /// Whether the second motif is reversed.
    pub second: bool,
}

/// Two motifs at one distance and orientation.
#[derive(Clone, Debug)]
pub struct Spacing {
    /// Number of the orientation in the list.
    pub orientation: usize,
    /// Distance from the end of the first to the start of the second, in bp.
    pub distance: usize,
    /// What both do, over the backgrounds.
    pub effect: Mean,
    /// What both do beyond the sum of what each does alone, over the backgrounds.
    pub interaction: Mean,
}

/// The interaction of two motifs.
pub struct Epistasis {
    /// The target of each background with neither, either and both motifs.
    pub outputs: Together,
    /// What both do beyond the sum of what each does alone, for each background.
    pub interactions: Vec<f64>,
    /// The mean over the backgrounds.
    pub interaction: Mean,
    /// P-value of a t-test of the interactions against 0; NaN where the test is undefined.
    pub p_value: f64,
}

/// Random sequences with equal base frequencies.
pub fn random_backgrounds(count: usize, length: usize, seed: u64) -> Backgrounds {
    let mut rng = Rng::keyed(&[seed, 0x6261_636b]);
    Backgrounds {
        codes: (0..count * length).map(|_| rng.below(4) as u8).collect(),
        length,
    }
}

/// The start of a motif or a pair of `width` bp: as given, else central.
fn start(at: Option<usize>, length: usize, width: usize) -> usize {
    at.unwrap_or(length.saturating_sub(width) / 2)
}

impl Probe<'_> {
    /// Plants a motif, or its reverse complement, in every background.
    pub fn marginal(&self, motif: &Motif, is_reverse: bool) -> Result<Marginal> {
        let word = word(motif, is_reverse);
        let start = start(self.at, self.backgrounds.length, word.len());
        let with = |words: &[(&[u8], usize)]| {
            self.backgrounds
                .with(self.still, self.target, words, self.batch)
        };
        let (before, after) = (with(&[])?, with(&[(&word, start)])?);
        let pairs = after.iter().zip(&before);
        Ok(Marginal {
            effect: pairs.map(|(after, before)| after - before).collect(),
            before,
            after,
        })
    }

    fn pair(&self, first: &[u8], second: &[u8], start: usize, distance: usize) -> Result<Together> {
        let second = (second, start + first.len() + distance);
        let Probe {
            still,
            target,
            backgrounds,
            batch,
            ..
        } = *self;
        together(still, target, backgrounds, (first, start), second, batch)
    }

    /// Plants two motifs at each orientation and distance; the first has the same position in all.
    pub fn spacing(
        &self,
        (first, second): (&Motif, &Motif),
        orientations: &[Strands],
        distances: &[usize],
    ) -> Result<Vec<Spacing>> {
        let longest = distances.iter().copied().max().unwrap_or(0);
        let width = first.width() + second.width() + longest;
        let start = start(self.at, self.backgrounds.length, width);
        let mut rows = Vec::with_capacity(orientations.len() * distances.len());
        for (orientation, strands) in orientations.iter().enumerate() {
            let (one, other) = (word(first, strands.first), word(second, strands.second));
            for distance in distances {
                let outputs = self.pair(&one, &other, start, *distance)?;
                rows.push(Spacing {
                    orientation,
                    distance: *distance,
                    effect: Mean::of(&outputs.effects()),
                    interaction: Mean::of(&outputs.interactions()),
                });
            }
        }
        Ok(rows)
    }

    /// Plants two motifs at one orientation and distance.
    pub fn epistasis(
        &self,
        (first, second): (&Motif, &Motif),
        strands: Strands,
        distance: usize,
    ) -> Result<Epistasis> {
        let (one, other) = (word(first, strands.first), word(second, strands.second));
        let width = one.len() + distance + other.len();
        let start = start(self.at, self.backgrounds.length, width);
        let outputs = self.pair(&one, &other, start, distance)?;
        let interactions = outputs.interactions();
        let test = t::one_sample(&interactions, 0.0, Alternative::TwoSided);
        Ok(Epistasis {
            interaction: Mean::of(&interactions),
            p_value: test.map_or(f64::NAN, |outcome| outcome.p_value),
            interactions,
            outputs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_nn::custom::Custom;
    use cistron_nn::{How, Layer, Model, Shape};
    use cistron_torch::Device;
    use std::rc::Rc;

    /// A network whose output is the square of the number of A.
    fn network(length: i64) -> Result<Model> {
        let layer = Custom {
            name: "count".into(),
            parameters: None,
            forward: Rc::new(|_, x, _| {
                let count = x.one()?.select(1, 0)?.sum(&Some(vec![1]), true)?;
                count.mul(&count)
            }),
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
    fn motifs_interact_beyond_the_sum_of_their_effects() -> Result<()> {
        let net = network(8)?;
        let still = Still::of(&net)?;
        // one background without A and one with an A at its end
        let backgrounds = Backgrounds {
            codes: vec![1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0],
            length: 8,
        };
        let probe = Probe {
            still: &still,
            target: &Target::Label(0),
            backgrounds: &backgrounds,
            at: Some(0),
            batch: 3,
        };
        let (a, aa) = (
            Motif::from_consensus("one", "A")?,
            Motif::from_consensus("two", "AA")?,
        );
        let marginal = probe.marginal(&aa, false)?;
        assert_eq!(
            (marginal.before, marginal.after),
            (vec![0.0, 1.0], vec![4.0, 9.0])
        );
        assert_eq!(marginal.effect, [4.0, 8.0]);
        assert_eq!(probe.marginal(&aa, true)?.effect, [0.0, 0.0]);
        // (n + 1 + 2)² - (n + 1)² - (n + 2)² + n² = 4, whatever n
        let forward = Strands {
            first: false,
            second: false,
        };
        let rows = probe.spacing((&a, &aa), &[forward], &[0, 3])?;
        assert_eq!((rows.len(), rows[1].distance), (2, 3));
        assert_eq!(
            (rows[0].interaction.value, rows[0].interaction.error),
            (4.0, 0.0)
        );
        // 9 - 0 and 16 - 1
        assert_eq!((rows[0].effect.value, rows[0].effect.error), (12.0, 3.0));
        let epistasis = probe.epistasis((&a, &aa), forward, 1)?;
        assert_eq!(epistasis.interactions, [4.0, 4.0]);
        assert_eq!(epistasis.interaction.value, 4.0);
        Ok(())
    }

    #[test]
    fn pairs_are_central_unless_placed() {
        assert_eq!(start(None, 10, 4), 3);
        assert_eq!(start(None, 3, 4), 0);
        assert_eq!(start(Some(7), 10, 4), 7);
    }
}
