//! A network: nodes placed by forces, edges as arrows.

use super::axis::{Drawn, text};
use super::colors::{GUIDE, SERIES};
use cistron_base::seed::Rng;
use cistron_base::written::cut_middle;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::collections::HashMap;

/// An edge of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Number of the node that it leaves.
    pub from: usize,
    /// Number of the node that it enters.
    pub to: usize,
    /// Its strength from 0 to 1, which is drawn as width.
    pub strength: f64,
    /// Whether it represses: it is drawn in another colour.
    pub represses: bool,
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Names of the nodes.
    pub nodes: Vec<String>,
    /// The edges.
    pub edges: Vec<Edge>,
    /// Places of the nodes, from 0 to 1.
    pub places: Vec<(f64, f64)>,
    /// What is written below.
    pub text: String,
}

/// Iterations of the layout.
const STEPS: usize = 300;

impl Graph {
    /// A graph of edges between names, with strengths; places are computed with a seed.
    pub fn of(edges: &[(String, String, f64, bool)], seed: u64) -> Graph {
        let mut numbers: HashMap<&String, usize> = HashMap::new();
        let mut nodes = Vec::new();
        let mut list = Vec::new();
        for (a, b, ..) in edges {
            for name in [a, b] {
                numbers.entry(name).or_insert_with(|| {
                    nodes.push(name.clone());
                    nodes.len() - 1
                });
            }
        }
        let finite = || edges.iter().map(|edge| edge.2).filter(|x| x.is_finite());
        let most = finite().fold(f64::MIN, f64::max);
        let least = finite().fold(f64::MAX, f64::min);
        for (a, b, score, represses) in edges {
            let spread = most - least;
            let strength = if spread > 0.0 {
                (score - least) / spread
            } else {
                0.3
            };
            list.push(Edge {
                from: numbers[a],
                to: numbers[b],
                strength: if strength.is_finite() { strength } else { 0.0 },
                represses: *represses,
            });
        }
        let mut graph = Graph {
            nodes,
            edges: list,
            places: Vec::new(),
            text: String::new(),
        };
        graph.places = graph.layout(seed);
        graph
    }

    /// Places by forces: nodes repel each other, edges attract, and all are drawn to the middle
    /// (Fruchterman & Reingold 1991).
    fn layout(&self, seed: u64) -> Vec<(f64, f64)> {
        let n = self.nodes.len();
        let mut rng = Rng::keyed(&[seed, 0x6772_6170]);
        let mut at: Vec<(f64, f64)> = (0..n)
            .map(|_| (rng.uniform() - 0.5, rng.uniform() - 0.5))
            .collect();
        let ideal = (1.0 / n.max(1) as f64).sqrt();
        for step in 0..STEPS {
            let mut force = vec![(0.0, 0.0); n];
            for i in 0..n {
                for j in 0..i {
                    let (dx, dy) = (at[i].0 - at[j].0, at[i].1 - at[j].1);
                    let squared = (dx * dx + dy * dy).max(1e-8);
                    let push = ideal * ideal / squared;
                    force[i] = (force[i].0 + dx * push, force[i].1 + dy * push);
                    force[j] = (force[j].0 - dx * push, force[j].1 - dy * push);
                }
            }
            for edge in &self.edges {
                let (i, j) = (edge.from, edge.to);
                let (dx, dy) = (at[i].0 - at[j].0, at[i].1 - at[j].1);
                let pull = (dx * dx + dy * dy).sqrt() / ideal;
                force[i] = (force[i].0 - dx * pull, force[i].1 - dy * pull);
                force[j] = (force[j].0 + dx * pull, force[j].1 + dy * pull);
            }
            let heat = 0.1 * (1.0 - step as f64 / STEPS as f64);
            for (place, (dx, dy)) in at.iter_mut().zip(force) {
                // components that no edge joins stay together
                let (dx, dy) = (dx - 0.6 * place.0, dy - 0.6 * place.1);
                let length = (dx * dx + dy * dy).sqrt().max(1e-9);
                let move_ = length.min(heat) / length;
                *place = (place.0 + dx * move_, place.1 + dy * move_);
            }
        }
        scaled(at)
    }

    /// Edges of each node.
    fn degrees(&self) -> Vec<usize> {
        let mut degrees = vec![0; self.nodes.len()];
        for edge in &self.edges {
            degrees[edge.from] += 1;
            degrees[edge.to] += 1;
        }
        degrees
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        let side = (420.0 + 42.0 * (self.nodes.len() as f64).sqrt()).min(1200.0) as u32;
        (side + 120, side)
    }

    /// As text: the regulators with most targets.
    pub(super) fn to_text(&self) -> String {
        let mut targets: Vec<Vec<&str>> = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            targets[edge.from].push(&self.nodes[edge.to]);
        }
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|node| std::cmp::Reverse(targets[*node].len()));
        let mut out = format!("  {} nodes, {} edges\n", self.nodes.len(), self.edges.len());
        for node in order
            .into_iter()
            .filter(|node| !targets[*node].is_empty())
            .take(10)
        {
            let own = &targets[node];
            let more = if own.len() > 6 { ", …" } else { "" };
            let list = own.iter().take(6).copied().collect::<Vec<_>>().join(", ");
            out += &format!("  {} → {list}{more} ({})\n", self.nodes[node], own.len());
        }
        out
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (width, height) = area.dim_in_pixel();
        let (wide, high) = (width as i32 - 120, height as i32 - 76);
        let at = |place: (f64, f64)| {
            (
                60 + (place.0 * f64::from(wide)) as i32,
                24 + (place.1 * f64::from(high)) as i32,
            )
        };
        let degrees = self.degrees();
        let is_regulator: Vec<bool> = {
            let mut is = vec![false; self.nodes.len()];
            self.edges.iter().for_each(|edge| is[edge.from] = true);
            is
        };
        let radius = |node: usize| 3 + (degrees[node] as f64).sqrt().min(8.0) as i32;
        for edge in &self.edges {
            let (a, b) = (at(self.places[edge.from]), at(self.places[edge.to]));
            let (dx, dy) = (f64::from(b.0 - a.0), f64::from(b.1 - a.1));
            let length = (dx * dx + dy * dy).sqrt().max(1.0);
            let color = if edge.represses {
                SERIES[1]
            } else {
                RGBColor(120, 120, 120)
            };
            let strength = 0.35 + 0.5 * edge.strength;
            let end = |before: f64| {
                let share = 1.0 - (f64::from(radius(edge.to)) + before) / length;
                (a.0 + (dx * share) as i32, a.1 + (dy * share) as i32)
            };
            let stroke = color
                .mix(strength)
                .stroke_width(1 + (edge.strength * 2.0) as u32);
            area.draw(&PathElement::new(vec![a, end(1.0)], stroke))
                .map_err(text)?;
            if edge.from == edge.to || length < 14.0 {
                continue;
            }
            // across the edge
            let (ox, oy) = (-dy / length * 3.5, dx / length * 3.5);
            let (tip, back) = (end(1.0), end(7.0));
            let beside = |sign: f64| (back.0 + (sign * ox) as i32, back.1 + (sign * oy) as i32);
            if edge.represses {
                let bar = |sign: f64| (tip.0 + (sign * ox) as i32, tip.1 + (sign * oy) as i32);
                area.draw(&PathElement::new(
                    vec![bar(1.0), bar(-1.0)],
                    color.stroke_width(2),
                ))
                .map_err(text)?;
            } else {
                let head = vec![tip, beside(1.0), beside(-1.0)];
                area.draw(&Polygon::new(head, color.mix(strength).filled()))
                    .map_err(text)?;
            }
        }
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|node| degrees[*node]);
        for node in &order {
            let color = if is_regulator[*node] {
                SERIES[0]
            } else {
                SERIES[4]
            };
            let place = at(self.places[*node]);
            area.draw(&Circle::new(place, radius(*node) + 1, WHITE.filled()))
                .map_err(text)?;
            area.draw(&Circle::new(place, radius(*node), color.filled()))
                .map_err(text)?;
        }
        // names of regulators, of others where there is room
        let room = self.nodes.len() <= 60;
        for node in order.into_iter().filter(|node| room || is_regulator[*node]) {
            let (x, y) = at(self.places[node]);
            let size = if is_regulator[node] { 13 } else { 11 };
            let name = cut_middle(&self.nodes[node], 16);
            for (ink, dx, dy) in [
                (&WHITE, -1, 0),
                (&WHITE, 1, 0),
                (&WHITE, 0, 1),
                (&BLACK, 0, 0),
            ] {
                let style = TextStyle::from(("sans-serif", size).into_font())
                    .pos(Pos::new(HPos::Center, VPos::Bottom))
                    .color(ink);
                let place = (x + dx, y - radius(node) - 1 + dy);
                area.draw(&Text::new(name.clone(), place, style))
                    .map_err(text)?;
            }
        }
        self.legend(area, (width as i32, height as i32))
    }

    fn legend<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        (width, height): (i32, i32),
    ) -> Drawn {
        let y = height - 14;
        area.draw(&PathElement::new(
            vec![(12, y - 14), (width - 12, y - 14)],
            GUIDE.stroke_width(1),
        ))
        .map_err(text)?;
        let style =
            TextStyle::from(("sans-serif", 12).into_font()).pos(Pos::new(HPos::Left, VPos::Center));
        let mut x = 20;
        let mut words = vec![(SERIES[0], "regulator"), (SERIES[4], "target")];
        if self.edges.iter().any(|edge| edge.represses) {
            words.push((SERIES[1], "repression"));
        }
        for (color, name) in words {
            area.draw(&Circle::new((x, y), 5, color.filled()))
                .map_err(text)?;
            area.draw(&Text::new(name, (x + 10, y), style.clone()))
                .map_err(text)?;
            x += 30 + 7 * name.len() as i32;
        }
        let right = style.pos(Pos::new(HPos::Right, VPos::Center));
        area.draw(&Text::new(self.text.clone(), (width - 16, y), right))
            .map_err(text)
    }
}

/// Places from 0 to 1 along both axes.
fn scaled(at: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let range = |of: fn(&(f64, f64)) -> f64| {
        let low = at.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = at.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        (low, if high > low { high - low } else { 1.0 })
    };
    let (x, y) = (range(|place| place.0), range(|place| place.1));
    at.iter()
        .map(|place| ((place.0 - x.0) / x.1, (place.1 - y.0) / y.1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges() -> Vec<(String, String, f64, bool)> {
        let edge = |a: &str, b: &str| (a.to_string(), b.to_string(), 1.0, false);
        let star = |hub: &str| {
            (0..6)
                .map(|i| edge(hub, &format!("{hub}{i}")))
                .collect::<Vec<_>>()
        };
        [star("A"), star("B")].concat()
    }

    #[test]
    fn targets_are_near_their_regulator() {
        for seed in 0..5 {
            let graph = Graph::of(&edges(), seed);
            assert_eq!(graph, Graph::of(&edges(), seed));
            let distance = |a: usize, b: usize| {
                let (a, b) = (graph.places[a], graph.places[b]);
                ((a.0 - b.0).powi(2) + (a.1 - b.1).powi(2)).sqrt()
            };
            // A is node 0, its targets 1 to 6, B node 7
            for target in 1..7 {
                assert!(distance(0, target) < distance(7, target), "seed {seed}");
            }
            assert!(graph.places.iter().all(|p| (0.0..=1.0).contains(&p.0)));
        }
    }

    #[test]
    fn a_single_edge_and_none_are_drawn() {
        let one = Graph::of(&edges()[..1], 1);
        assert_eq!((one.nodes.len(), one.places.len()), (2, 2));
        assert!(Graph::of(&[], 1).places.is_empty());
        assert!(one.to_text().contains("A → A0 (1)"));
    }
}
