//! A binary tree with its leaves below.

use super::axis::{Drawn, text};
use super::colors::SERIES;
use cistron_base::written::cut_middle;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A node of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeNode {
    /// What is written in it.
    pub label: String,
    /// What is written below the label.
    pub detail: String,
    /// Its branches, with what is written on them; none of a leaf.
    pub branches: Option<[(usize, String); 2]>,
}

/// A tree; node 0 is its root.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<TreeNode>,
}

/// Width of a leaf and height of a level, in pixels.
const LEAF: i32 = 150;
const LEVEL: i32 = 104;
/// Half of the height of a box, and half of its width.
const HALF: i32 = 24;
const SIDE: i32 = 66;

impl Tree {
    /// The middle of each node: leaves side by side, other nodes between their branches; and its
    /// depth.
    fn places(&self) -> Vec<Option<(f64, usize)>> {
        let mut places = vec![None; self.nodes.len()];
        let mut leaves = 0;
        self.place(0, 0, &mut leaves, &mut places);
        places
    }

    fn place(
        &self,
        node: usize,
        depth: usize,
        leaves: &mut usize,
        places: &mut [Option<(f64, usize)>],
    ) -> f64 {
        let Some(own) = self.nodes.get(node).filter(|_| depth < 64) else {
            return 0.0;
        };
        let x = match &own.branches {
            None => {
                *leaves += 1;
                *leaves as f64 - 0.5
            }
            Some([(low, _), (high, _)]) => {
                let low = self.place(*low, depth + 1, leaves, places);
                let high = self.place(*high, depth + 1, leaves, places);
                (low + high) / 2.0
            }
        };
        places[node] = Some((x, depth));
        x
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        let places = self.places();
        let leaves = self
            .nodes
            .iter()
            .filter(|node| node.branches.is_none())
            .count();
        let depth = places
            .iter()
            .flatten()
            .map(|place| place.1)
            .max()
            .unwrap_or(0);
        (
            (leaves as i32 * LEAF).clamp(300, 2400) as u32 + 40,
            (depth as i32 * LEVEL + 2 * HALF + 66) as u32,
        )
    }

    /// As text, a line for each node, deeper ones indented.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        let mut open = vec![(0, 0, String::new())];
        while let Some((node, depth, branch)) = open.pop() {
            let Some(own) = self.nodes.get(node).filter(|_| depth < 64) else {
                continue;
            };
            out += &format!(
                "{}{branch}{} ({})\n",
                "  ".repeat(depth + 1),
                own.label,
                own.detail
            );
            if let Some([low, high]) = &own.branches {
                open.push((high.0, depth + 1, format!("{}: ", high.1)));
                open.push((low.0, depth + 1, format!("{}: ", low.1)));
            }
        }
        out
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (width, _) = area.dim_in_pixel();
        let leaves = self
            .nodes
            .iter()
            .filter(|node| node.branches.is_none())
            .count()
            .max(1);
        let step = f64::from(width as i32 - 20) / leaves as f64;
        let at =
            |(x, depth): (f64, usize)| (10 + (x * step) as i32, 12 + HALF + depth as i32 * LEVEL);
        let style = |size: i32| {
            TextStyle::from(("sans-serif", size).into_font())
                .pos(Pos::new(HPos::Center, VPos::Center))
        };
        let write = |words: String, place: (i32, i32), style: TextStyle| {
            area.draw(&Text::new(words, place, style)).map_err(text)
        };
        let places = self.places();
        let grey = RGBColor(110, 110, 110);
        for (node, place) in self.nodes.iter().zip(&places) {
            let (Some(branches), Some(place)) = (&node.branches, place) else {
                continue;
            };
            let from = at(*place);
            for (child, words) in branches {
                let Some(to) = places.get(*child).copied().flatten().map(at) else {
                    continue;
                };
                let middle = (from.1 + to.1) / 2 - 6;
                let line = [
                    (from.0, from.1 + HALF),
                    (from.0, middle),
                    (to.0, middle),
                    (to.0, to.1 - HALF),
                ];
                area.draw(&PathElement::new(line.to_vec(), grey.stroke_width(1)))
                    .map_err(text)?;
                write(words.clone(), (to.0, middle - 9), style(12).color(&grey))?;
            }
        }
        for (node, place) in self.nodes.iter().zip(&places) {
            let Some((x, y)) = place.map(at) else {
                continue;
            };
            let side = SIDE.min((step / 2.0) as i32 - 4);
            let color = if node.branches.is_some() {
                SERIES[0]
            } else {
                SERIES[4]
            };
            let corners = [(x - side, y - HALF), (x + side, y + HALF)];
            area.draw(&Rectangle::new(corners, color.mix(0.16).filled()))
                .map_err(text)?;
            area.draw(&Rectangle::new(corners, color.stroke_width(1)))
                .map_err(text)?;
            let short = |words: &str| cut_middle(words, side as usize / 4);
            write(short(&node.label), (x, y - 9), style(14))?;
            write(
                short(&node.detail),
                (x, y + 10),
                style(11).color(&RGBColor(80, 80, 80)),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(label: &str) -> TreeNode {
        TreeNode {
            label: label.into(),
            detail: "2 samples".into(),
            branches: None,
        }
    }

    #[test]
    fn nodes_are_between_their_branches() {
        let root = TreeNode {
            label: "TF".into(),
            detail: "gain 3".into(),
            branches: Some([(1, "low".into()), (2, "high".into())]),
        };
        let tree = Tree {
            nodes: vec![root, leaf("a"), leaf("b")],
        };
        let places = tree.places();
        assert_eq!(places, [Some((1.0, 0)), Some((0.5, 1)), Some((1.5, 1))]);
        assert!(
            tree.to_text()
                .contains("    low: a (2 samples)\n    high: b")
        );
        // a tree that refers to itself ends
        let mut circle = tree.clone();
        circle.nodes[1].branches = Some([(0, String::new()), (9, String::new())]);
        assert!(circle.places().len() == 3 && !circle.to_text().is_empty());
    }
}
