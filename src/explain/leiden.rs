//! Communities of a weighted graph by the Leiden algorithm (Traag, Waltman & van Eck 2019), for
//! modularity.

use cistron_base::seed::Rng;

/// An undirected graph: for each vertex its neighbours with weights, itself left out.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    starts: Vec<usize>,
    edges: Vec<(u32, f64)>,
    /// The weight of each vertex's edge to itself.
    loops: Vec<f64>,
}

impl Graph {
    /// Of each vertex's edges, which are listed at both ends, and of loops.
    pub fn mirrored(rows: &[Vec<(u32, f64)>], loops: Vec<f64>) -> Graph {
        let starts = std::iter::once(0).chain(rows.iter().scan(0, |sum, row| {
            *sum += row.len();
            Some(*sum)
        }));
        Graph {
            starts: starts.collect(),
            edges: rows.concat(),
            loops,
        }
    }

    fn len(&self) -> usize {
        self.loops.len()
    }

    fn edges(&self, vertex: usize) -> &[(u32, f64)] {
        &self.edges[self.starts[vertex]..self.starts[vertex + 1]]
    }

    /// The summed weights of a vertex's edges; a loop counts twice.
    fn strengths(&self) -> Vec<f64> {
        (0..self.len())
            .map(|vertex| {
                self.edges(vertex)
                    .iter()
                    .map(|(_, weight)| weight)
                    .sum::<f64>()
                    + 2.0 * self.loops[vertex]
            })
            .collect()
    }

    /// Twice the summed weights of all edges.
    fn total(&self) -> f64 {
        self.strengths().iter().sum()
    }

    /// Communities become vertices.
    fn joined(&self, community: &[u32], count: usize) -> Graph {
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
        community
            .iter()
            .enumerate()
            .for_each(|(vertex, own)| members[*own as usize].push(vertex as u32));
        let mut weights = vec![0f64; count];
        let mut met: Vec<u32> = Vec::new();
        let (mut starts, mut edges, mut loops) = (vec![0], Vec::new(), vec![0.0; count]);
        for (own, members) in members.iter().enumerate() {
            let mut inside = 0.0;
            for vertex in members {
                loops[own] += self.loops[*vertex as usize];
                for (other, weight) in self.edges(*vertex as usize) {
                    let of_other = community[*other as usize] as usize;
                    if of_other == own {
                        inside += weight;
                    } else {
                        if weights[of_other] == 0.0 {
                            met.push(of_other as u32);
                        }
                        weights[of_other] += weight;
                    }
                }
            }
            loops[own] += inside / 2.0;
            for other in met.drain(..) {
                edges.push((other, std::mem::take(&mut weights[other as usize])));
            }
            starts.push(edges.len());
        }
        Graph {
            starts,
            edges,
            loops,
        }
    }

    /// The modularity of communities.
    pub fn modularity(&self, community: &[u32]) -> f64 {
        let count = community.iter().max().map_or(0, |most| *most as usize + 1);
        let (total, strengths) = (self.total(), self.strengths());
        let (mut inside, mut all) = (vec![0.0; count], vec![0.0; count]);
        for vertex in 0..self.len() {
            let own = community[vertex] as usize;
            all[own] += strengths[vertex];
            inside[own] += 2.0 * self.loops[vertex];
            inside[own] += self
                .edges(vertex)
                .iter()
                .filter(|(other, _)| community[*other as usize] as usize == own)
                .map(|(_, weight)| weight)
                .sum::<f64>();
        }
        inside
            .iter()
            .zip(all)
            .map(|(inside, all)| inside / total - (all / total).powi(2))
            .sum()
    }
}

/// How often a vertex is looked at in one pass, on average, at most; some tens are usual.
const VISITS: usize = 1000;

/// A graph with the communities of its vertices.
struct Partition<'a> {
    graph: &'a Graph,
    strengths: Vec<f64>,
    total: f64,
    community: Vec<u32>,
    /// The summed strengths of each community.
    sums: Vec<f64>,
    sizes: Vec<u32>,
    /// Communities without vertices.
    empty: Vec<u32>,
    weights: Vec<f64>,
    met: Vec<u32>,
}

impl<'a> Partition<'a> {
    fn of(graph: &'a Graph, community: Vec<u32>) -> Partition<'a> {
        let strengths = graph.strengths();
        let n = graph.len();
        let mut partition = Partition {
            graph,
            total: strengths.iter().sum(),
            strengths,
            sums: vec![0.0; n],
            sizes: vec![0; n],
            empty: Vec::new(),
            weights: vec![0.0; n],
            met: Vec::new(),
            community,
        };
        for vertex in 0..n {
            let own = partition.community[vertex] as usize;
            partition.sums[own] += partition.strengths[vertex];
            partition.sizes[own] += 1;
        }
        partition.empty = (0..n as u32)
            .rev()
            .filter(|own| partition.sizes[*own as usize] == 0)
            .collect();
        partition
    }

    fn shift(&mut self, vertex: usize, to: u32) {
        let from = std::mem::replace(&mut self.community[vertex], to);
        for (community, sign) in [(from, -1.0), (to, 1.0)] {
            self.sums[community as usize] += sign * self.strengths[vertex];
        }
        self.sizes[from as usize] -= 1;
        self.sizes[to as usize] += 1;
        if self.sizes[from as usize] == 0 {
            self.empty.push(from);
        }
        if self.sizes[to as usize] == 1 {
            self.empty.retain(|own| *own != to);
        }
    }

    /// The summed weights from a vertex to the communities around it, in `weights` at those of
    /// `met`.
    fn look_around(&mut self, vertex: usize, counts: impl Fn(usize) -> bool) {
        for community in self.met.drain(..) {
            self.weights[community as usize] = 0.0;
        }
        for (other, weight) in self.graph.edges(vertex) {
            if counts(*other as usize) {
                let community = self.community[*other as usize];
                if self.weights[community as usize] == 0.0 {
                    self.met.push(community);
                }
                self.weights[community as usize] += weight;
            }
        }
    }

    /// The gain of a vertex in a community that it is not part of, times half the total weight.
    fn gain(&self, vertex: usize, community: u32, without: f64) -> f64 {
        self.weights[community as usize]
            - self.strengths[vertex] * (self.sums[community as usize] - without) / self.total
    }

    /// Moves vertices to the communities around them while that gains; returns whether any moved.
    /// Gains that are only rounding could move them in circles: each vertex is looked at [`VISITS`]
    /// times on average at most.
    fn move_vertices(&mut self, rng: &mut Rng) -> bool {
        let n = self.graph.len();
        let mut queue: std::collections::VecDeque<u32> = rng.permutation(n).into();
        let mut waits = vec![true; n];
        let mut moved = false;
        let mut visits = VISITS * n;
        while let Some(vertex) = queue.pop_front() {
            if visits == 0 {
                break;
            }
            visits -= 1;
            let vertex = vertex as usize;
            waits[vertex] = false;
            self.look_around(vertex, |_| true);
            let own = self.community[vertex];
            let (mut best, mut most) = (own, self.gain(vertex, own, self.strengths[vertex]));
            for i in 0..self.met.len() {
                let community = self.met[i];
                if community != own {
                    let gain = self.gain(vertex, community, 0.0);
                    if gain > most + 1e-12 {
                        (best, most) = (community, gain);
                    }
                }
            }
            // alone it gains nothing and loses nothing
            if most < -1e-12
                && self.sizes[own as usize] > 1
                && let Some(empty) = self.empty.last()
            {
                best = *empty;
            }
            if best != own {
                self.shift(vertex, best);
                moved = true;
                for (other, _) in self.graph.edges(vertex) {
                    let other = *other as usize;
                    if !waits[other] && self.community[other] != best {
                        waits[other] = true;
                        queue.push_back(other as u32);
                    }
                }
            }
        }
        moved
    }

    /// Splits communities into well connected parts: from single vertices, each that is still alone
    /// joins the part of its community where it gains most.
    fn refined(&self, rng: &mut Rng) -> Partition<'a> {
        let n = self.graph.len();
        let mut parts = Partition::of(self.graph, (0..n as u32).collect());
        for vertex in rng.permutation(n) {
            let vertex = vertex as usize;
            let own = parts.community[vertex];
            if parts.sizes[own as usize] > 1 {
                continue;
            }
            let within = self.community[vertex];
            parts.look_around(vertex, |other| self.community[other] == within);
            let (mut best, mut most) = (own, 1e-12);
            for i in 0..parts.met.len() {
                let community = parts.met[i];
                let gain = parts.gain(vertex, community, 0.0);
                if community != own && gain > most {
                    (best, most) = (community, gain);
                }
            }
            if best != own {
                parts.shift(vertex, best);
            }
        }
        parts
    }
}

/// Numbers from 0 on, the largest community first; of equal ones that of the first vertex.
fn numbered(community: &[u32]) -> Vec<u32> {
    let most = community.iter().max().map_or(0, |most| *most as usize + 1);
    let mut sizes = vec![(0usize, usize::MAX); most];
    for (vertex, own) in community.iter().enumerate() {
        let size = &mut sizes[*own as usize];
        *size = (size.0 + 1, size.1.min(vertex));
    }
    let mut order: Vec<usize> = (0..most).filter(|own| sizes[*own].0 > 0).collect();
    order.sort_by_key(|own| (std::cmp::Reverse(sizes[*own].0), sizes[*own].1));
    let mut number = vec![0; most];
    order
        .iter()
        .enumerate()
        .for_each(|(i, own)| number[*own] = i as u32);
    community.iter().map(|own| number[*own as usize]).collect()
}

/// Numbers from 0 on without gaps.
fn compact(community: &[u32]) -> (Vec<u32>, usize) {
    let mut number = vec![u32::MAX; community.len()];
    let mut count = 0;
    let out = community
        .iter()
        .map(|own| {
            if number[*own as usize] == u32::MAX {
                number[*own as usize] = count;
                count += 1;
            }
            number[*own as usize]
        })
        .collect();
    (out, count as usize)
}

/// One round over all levels; returns whether anything moved.
fn round(graph: &Graph, community: &mut [u32], rng: &mut Rng) -> bool {
    let mut changed = false;
    let mut level = graph.clone();
    // the vertex of this level that each vertex of the graph is part of
    let mut vertex_of: Vec<u32> = (0..graph.len() as u32).collect();
    let mut own = community.to_vec();
    loop {
        let (parts, communities) = {
            let mut partition = Partition::of(&level, own.clone());
            changed |= partition.move_vertices(rng);
            let parts = partition.refined(rng).community;
            (parts, partition.community)
        };
        for (vertex, at) in vertex_of.iter().enumerate() {
            community[vertex] = communities[*at as usize];
        }
        let (parts, count) = compact(&parts);
        let (mut next, distinct) = (vec![0; count], compact(&communities).1);
        for (vertex, part) in parts.iter().enumerate() {
            next[*part as usize] = communities[vertex];
        }
        if count == level.len() || distinct == level.len() {
            return changed;
        }
        level = level.joined(&parts, count);
        // communities of the next level are numbered below its number of vertices
        own = compact_within(&next);
        vertex_of
            .iter_mut()
            .for_each(|at| *at = parts[*at as usize]);
    }
}

/// As [`compact`], for numbers beyond the length.
fn compact_within(community: &[u32]) -> Vec<u32> {
    let mut known = std::collections::HashMap::new();
    community
        .iter()
        .map(|own| {
            let next = known.len() as u32;
            *known.entry(*own).or_insert(next)
        })
        .collect()
}

/// Communities of one seed, and their modularity; rounds are repeated until nothing moves.
pub fn communities(graph: &Graph, seed: u64) -> (Vec<u32>, f64) {
    let mut rng = Rng::keyed(&[seed, 0x6c65_6964]);
    let mut community: Vec<u32> = (0..graph.len() as u32).collect();
    let mut quality = graph.modularity(&community);
    loop {
        let mut next = community.clone();
        let changed = round(graph, &mut next, &mut rng);
        next = compact_within(&next);
        let better = graph.modularity(&next);
        if !changed || better <= quality + 1e-12 {
            return (numbered(&community), quality);
        }
        (community, quality) = (next, better);
    }
}

/// The best of several seeds, side by side.
pub fn best(graph: &Graph, seeds: usize) -> Vec<u32> {
    let found =
        cistron_torch::parallel::map(seeds.max(1), &|i| communities(graph, 100 * (i as u64 + 1)));
    let best = found
        .into_iter()
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(community, _)| community).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of weights between pairs, each pair once; an edge from a vertex to itself is a loop.
    fn graph(vertices: usize, pairs: &[(u32, u32, f64)]) -> Graph {
        let (mut rows, mut loops) = (vec![Vec::new(); vertices], vec![0.0; vertices]);
        for (a, b, weight) in pairs {
            if a == b {
                loops[*a as usize] += weight;
            } else {
                rows[*a as usize].push((*b, *weight));
                rows[*b as usize].push((*a, *weight));
            }
        }
        Graph::mirrored(&rows, loops)
    }

    fn clubs(count: u32, size: u32, bridge: f64) -> Vec<(u32, u32, f64)> {
        let inside = (0..count).flat_map(|club| {
            (0..size).flat_map(move |a| {
                (a + 1..size).map(move |b| (club * size + a, club * size + b, 1.0))
            })
        });
        inside
            .chain(
                (0..count).map(|club| (club * size, (club * size + size) % (count * size), bridge)),
            )
            .collect()
    }

    #[test]
    fn clubs_are_found() {
        let graph = graph(60, &clubs(6, 10, 0.5));
        let found = best(&graph, 4);
        for club in found.chunks(10) {
            assert!(club.iter().all(|own| *own == club[0]));
        }
        assert_eq!(found.iter().max(), Some(&5));
    }

    #[test]
    fn modularity_is_networkxs() {
        // two triangles and a bridge: 6 of 7 edges inside, half of all strength each
        let edges = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (3, 5), (4, 5)];
        let graph = graph(6, &edges.map(|(a, b)| (a, b, 1.0)));
        assert!((graph.modularity(&[0, 0, 0, 1, 1, 1]) - 5.0 / 14.0).abs() < 1e-12);
        assert!((graph.modularity(&[0; 6])).abs() < 1e-12);
    }

    #[test]
    fn an_empty_graph_and_loops_alone_are_no_trouble() {
        assert_eq!(best(&graph(0, &[]), 2), Vec::<u32>::new());
        assert_eq!(
            best(&graph(3, &[(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)]), 2),
            [0, 1, 2]
        );
    }
}
