//! Shuffles that keep every k-let count: uniform over Eulerian paths.
//!
//! Positions' (k-1)-mers are vertices, k-mers are edges. A random arborescence towards the last
//! vertex (Wilson 1996, by loop-erased walks over the edges) fixes the last way out of each vertex;
//! the other ways out come in random order (Altschul & Erickson 1985; Kandel, Matias, Unger,
//! Winkler 1996). Every sequence with the same counts is as likely.

use cistron_base::seed::Rng;

/// Shuffles that walk side by side: each waits for its own memory, not for the others'.
const LANES: usize = 4;

/// Room for the work of a shuffle, kept from one to the next.
#[derive(Default)]
pub struct Shuffler {
    ids: Vec<u32>,
    starts: Vec<u32>,
    fill: Vec<u32>,
    template: Vec<u32>,
    edges: Vec<u32>,
    next: Vec<u32>,
    in_tree: Vec<bool>,
    bases: Vec<u8>,
    lanes: [Lane; LANES],
    numbers: std::collections::HashMap<u64, u32>,
}

/// One walk: the ways out of each vertex in their order, and which comes next.
#[derive(Default)]
struct Lane {
    edges: Vec<u32>,
    used: Vec<u32>,
    at: usize,
}

impl Shuffler {
    /// Shuffles codes in place, keeping the count of every k-let; `k` 1 keeps single bases.
    pub fn shuffle(&mut self, codes: &mut [u8], k: usize, rng: &mut Rng) {
        if k <= 1 {
            return rng.shuffle(codes);
        }
        if codes.len() <= k {
            return;
        }
        self.prepare(codes, k - 1);
        self.order(0, rng);
        let lane = &mut self.lanes[0];
        for code in &mut codes[k - 1..] {
            *code = step(lane, &self.bases);
        }
    }

    /// Fills `out` with shuffles of a sequence, one after the other; `rng` returns the random
    /// generator of a copy.
    pub fn copies(&mut self, codes: &[u8], k: usize, out: &mut [u8], rng: impl Fn(usize) -> Rng) {
        let length = codes.len();
        if length == 0 {
            return;
        }
        if k <= 1 || length <= k {
            for (i, own) in out.chunks_mut(length).enumerate() {
                own.copy_from_slice(codes);
                self.shuffle(own, k, &mut rng(i));
            }
            return;
        }
        let context = k - 1;
        self.prepare(codes, context);
        for (group, several) in out.chunks_mut(length * LANES).enumerate() {
            let lanes = several.len() / length;
            for lane in 0..lanes {
                self.order(lane, &mut rng(group * LANES + lane));
                several[lane * length..][..context].copy_from_slice(&codes[..context]);
            }
            if let ([a, b, c, d], LANES) = (&mut self.lanes, lanes) {
                let (first, rest) = several.split_at_mut(length);
                let (second, rest) = rest.split_at_mut(length);
                let (third, fourth) = rest.split_at_mut(length);
                for i in context..length {
                    first[i] = step(a, &self.bases);
                    second[i] = step(b, &self.bases);
                    third[i] = step(c, &self.bases);
                    fourth[i] = step(d, &self.bases);
                }
            } else {
                for (lane, own) in self.lanes.iter_mut().zip(several.chunks_mut(length)) {
                    own[context..]
                        .iter_mut()
                        .for_each(|code| *code = step(lane, &self.bases));
                }
            }
        }
    }

    /// Lays out the graph of a sequence.
    fn prepare(&mut self, codes: &[u8], context: usize) {
        let vertices = self.number_vertices(codes, context);
        self.lay_out_edges(codes.len() - context, vertices);
    }

    /// Draws the order of the ways out of each vertex for one walk.
    fn order(&mut self, lane: usize, rng: &mut Rng) {
        let vertices = self.bases.len();
        let root = self.ids[self.ids.len() - 1] as usize;
        self.edges.clone_from(&self.template);
        self.draw_arborescence(vertices, root, rng);
        self.order_edges(vertices, root, rng);
        let lane = &mut self.lanes[lane];
        std::mem::swap(&mut lane.edges, &mut self.edges);
        lane.used.clear();
        lane.used.extend_from_slice(&self.starts[..vertices]);
        lane.at = self.ids[0] as usize;
    }

    /// Numbers the distinct (k-1)-mers in order of appearance.
    fn number_vertices(&mut self, codes: &[u8], context: usize) -> usize {
        self.ids.clear();
        self.bases.clear();
        let size = 5u64.pow(context as u32);
        let mut key = 0u64;
        self.numbers.clear();
        let mut small = [u32::MAX; 625];
        for (i, code) in codes.iter().enumerate() {
            key = if context == 1 {
                u64::from(*code)
            } else {
                (key * 5 + u64::from(*code)) % size
            };
            if i + 1 < context {
                continue;
            }
            let fresh = self.bases.len() as u32;
            let id = if size <= 625 {
                let slot = &mut small[key as usize];
                if *slot == u32::MAX {
                    *slot = fresh;
                }
                *slot
            } else {
                *self.numbers.entry(key).or_insert(fresh)
            };
            if id == fresh {
                self.bases.push(*code);
            }
            self.ids.push(id);
        }
        self.bases.len()
    }

    /// Groups edges by the vertex they leave.
    fn lay_out_edges(&mut self, n: usize, vertices: usize) {
        self.starts.clear();
        self.starts.resize(vertices + 1, 0);
        for id in &self.ids[..n] {
            self.starts[*id as usize + 1] += 1;
        }
        for v in 0..vertices {
            self.starts[v + 1] += self.starts[v];
        }
        self.fill.clone_from(&self.starts);
        self.template.clear();
        self.template.resize(n, 0);
        for i in 0..n {
            let from = self.ids[i] as usize;
            self.template[self.fill[from] as usize] = self.ids[i + 1];
            self.fill[from] += 1;
        }
    }

    fn draw_arborescence(&mut self, vertices: usize, root: usize, rng: &mut Rng) {
        self.in_tree.clear();
        self.in_tree.resize(vertices, false);
        self.in_tree[root] = true;
        self.next.clear();
        self.next.resize(vertices, 0);
        for start in 0..vertices {
            let mut at = start;
            while !self.in_tree[at] {
                let (from, to) = (self.starts[at], self.starts[at + 1]);
                self.next[at] = from + rng.below((to - from) as usize) as u32;
                at = self.edges[self.next[at] as usize] as usize;
            }
            at = start;
            while !self.in_tree[at] {
                self.in_tree[at] = true;
                at = self.edges[self.next[at] as usize] as usize;
            }
        }
    }

    /// Random order of the ways out of each vertex, the tree's way last.
    fn order_edges(&mut self, vertices: usize, root: usize, rng: &mut Rng) {
        for v in 0..vertices {
            let (from, to) = (self.starts[v] as usize, self.starts[v + 1] as usize);
            if v == root {
                rng.shuffle(&mut self.edges[from..to]);
            } else {
                self.edges.swap(self.next[v] as usize, to - 1);
                rng.shuffle(&mut self.edges[from..to - 1]);
            }
        }
    }
}

/// One step of a walk: the last base of the vertex that the next way out leads to.
#[inline]
fn step(lane: &mut Lane, bases: &[u8]) -> u8 {
    let way = &mut lane.used[lane.at];
    lane.at = lane.edges[*way as usize] as usize;
    *way += 1;
    bases[lane.at]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};
    use std::collections::HashMap;

    fn counts(codes: &[u8], k: usize) -> HashMap<Vec<u8>, usize> {
        codes.windows(k).fold(HashMap::new(), |mut map, w| {
            *map.entry(w.to_vec()).or_default() += 1;
            map
        })
    }

    proptest! {
        #[test]
        fn every_k_let_count_is_kept(
            codes in proptest::collection::vec(0u8..5, 0..120),
            k in 1usize..7,
            seed in 0u64..1000,
        ) {
            let mut shuffled = codes.clone();
            Shuffler::default().shuffle(&mut shuffled, k, &mut Rng::keyed(&[seed]));
            prop_assert_eq!(counts(&codes, k.max(1)), counts(&shuffled, k.max(1)));
            prop_assert_eq!(codes.first(), if k > 1 { shuffled.first() } else { codes.first() });
        }
    }

    #[test]
    fn copies_are_what_single_shuffles_are() {
        let codes: Vec<u8> = (0..203u32).map(|i| (i * i % 7 % 4) as u8).collect();
        for (k, n) in [(1, 3), (2, 9), (3, 4), (6, 5)] {
            let mut out = vec![0; codes.len() * n];
            Shuffler::default().copies(&codes, k, &mut out, |i| Rng::keyed(&[7, i as u64]));
            for (i, own) in out.chunks(codes.len()).enumerate() {
                let mut single = codes.clone();
                Shuffler::default().shuffle(&mut single, k, &mut Rng::keyed(&[7, i as u64]));
                assert_eq!(own, single);
            }
        }
    }

    #[test]
    fn every_outcome_is_as_likely() {
        // all sequences with the dinucleotide counts of this one, found by trying every arrangement
        // of its bases
        let codes: Vec<u8> = vec![0, 1, 0, 2, 0, 1, 2, 0, 3];
        let wanted = counts(&codes, 2);
        let mut outcomes: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut stack = vec![vec![codes[0]]];
        while let Some(path) = stack.pop() {
            if path.len() == codes.len() {
                if counts(&path, 2) == wanted {
                    outcomes.insert(path, 0);
                }
                continue;
            }
            for base in 0..4 {
                let mut longer = path.clone();
                longer.push(base);
                stack.push(longer);
            }
        }
        let draws = 40_000;
        let mut shuffler = Shuffler::default();
        for draw in 0..draws {
            let mut shuffled = codes.clone();
            shuffler.shuffle(&mut shuffled, 2, &mut Rng::keyed(&[9, draw]));
            *outcomes.get_mut(&shuffled).expect("a possible outcome") += 1;
        }
        let expected = draws as f64 / outcomes.len() as f64;
        let chi: f64 = outcomes
            .values()
            .map(|n| (*n as f64 - expected).powi(2) / expected)
            .sum();
        let freedom = (outcomes.len() - 1) as f64;
        assert!(outcomes.len() >= 6, "{} outcomes", outcomes.len());
        assert!(
            chi < freedom + 4.0 * (2.0 * freedom).sqrt(),
            "chi-squared {chi} over {freedom}"
        );
    }
}
