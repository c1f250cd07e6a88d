//! The layers of a network, from its input down: boxes below one another, with lines along the
//! sides where layers are side by side.

use super::axis::{Drawn, text};
use super::colors::SERIES;
use cistron_base::written::cut_middle;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

/// A layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its path in the network.
    pub name: String,
    /// What it is.
    pub layer: String,
    /// The shape of its output.
    pub output: String,
    /// How many parameters it holds.
    pub parameters: i64,
    /// Depth of its nesting inside other layers.
    pub depth: usize,
}

/// Layers side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The layers of each part, by their numbers; an empty range is a part that is drawn elsewhere.
    pub parts: Vec<Range<usize>>,
    /// Whether the input goes past the parts as well.
    pub has_skip: bool,
    /// How the outputs become one; none where they stay apart.
    pub merge: Option<String>,
}

impl Fork {
    fn start(&self) -> usize {
        self.parts.first().map_or(0, |part| part.start)
    }

    fn end(&self) -> usize {
        self.parts.last().map_or(0, |part| part.end)
    }
}

/// Layers in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    /// The layers.
    pub parts: Vec<Part>,
    /// Which of them are side by side; those within others first.
    pub forks: Vec<Fork>,
    /// Layers whose input is not the output of the layer above.
    pub apart: Vec<usize>,
}

/// What is below a diagram with such layers.
const NOTE: &str = "without an arrow: joined by the function of their module";

/// Height of a layer in pixels.
const BOX: i32 = 42;
/// From a layer to the next one.
const GAP: i32 = 16;
/// What a merge adds to that.
const MERGE: i32 = 26;
/// Half of the height of the box of a merge.
const WORD: i32 = 9;
/// From a line at the side to the next one.
const LANE: i32 = 11;
/// Space above the first layer, and left and right of all.
const MARGIN: (i32, i32) = (8, 20);
const LINES: RGBColor = RGBColor(120, 120, 120);

/// The colour of a kind of layer.
fn color(layer: &str) -> RGBColor {
    let is = |words: &[&str]| words.iter().any(|word| layer.contains(word));
    match () {
        () if is(&["conv", "kmers"]) => SERIES[0],
        () if is(&["lstm", "gru", "rnn"]) => SERIES[3],
        () if is(&["attention"]) => SERIES[1],
        () if is(&["pool", "flatten"]) => SERIES[4],
        () if is(&["linear", "dense", "embedding", "machine"]) => SERIES[2],
        () if is(&["norm"]) => SERIES[5],
        () => SERIES[6],
    }
}

impl Diagram {
    /// The merges right below a layer, inner ones first.
    fn merges_below(&self, layer: usize) -> impl Iterator<Item = &Fork> {
        self.forks
            .iter()
            .filter(move |fork| fork.end() == layer + 1 && fork.merge.is_some())
    }

    /// The upper edges of all layers, and the lower end of the diagram.
    fn tops(&self) -> (Vec<i32>, i32) {
        let mut y = MARGIN.0;
        let tops = (0..self.parts.len())
            .map(|i| {
                let top = y;
                y += BOX + GAP + MERGE * self.merges_below(i).count() as i32;
                top
            })
            .collect();
        (tops, y)
    }

    /// How many forks contain another one.
    fn level(&self, number: usize) -> i32 {
        let own = &self.forks[number];
        let around = self.forks[number + 1..]
            .iter()
            .filter(|fork| fork.start() <= own.start() && own.end() <= fork.end());
        around.count() as i32
    }

    /// The lines at the right side.
    fn lanes(&self) -> i32 {
        let levels = (0..self.forks.len()).map(|i| self.level(i) + 1);
        levels.max().unwrap_or(0)
    }

    /// Whether some layer has no arrow from that above.
    fn has_gap(&self) -> bool {
        let is_second = |i: &usize| (1..self.parts.len()).contains(i);
        self.apart.iter().any(|i| is_second(i) && !self.is_part(*i))
    }

    /// Whether a layer is the first of a further part of a fork.
    fn is_part(&self, layer: usize) -> bool {
        let is_part = |fork: &Fork| fork.parts.iter().skip(1).any(|p| p.start == layer);
        self.forks.iter().any(is_part)
    }

    /// Its height in pixels.
    pub fn height(&self) -> u32 {
        let note = if self.has_gap() { GAP } else { 0 };
        (self.tops().1 + note).max(0) as u32
    }

    /// The width below which names have no room.
    pub fn least_width(&self) -> u32 {
        300 + (LANE * self.lanes()) as u32
    }

    /// The left edge of a layer.
    fn left(&self, layer: usize) -> i32 {
        MARGIN.1 + 22 * self.parts[layer].depth.min(8) as i32
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let width = area.dim_in_pixel().0 as i32;
        let (tops, bottom) = self.tops();
        let right = width - MARGIN.1 - LANE * self.lanes();
        for (part, (i, top)) in self.parts.iter().zip(tops.iter().enumerate()) {
            draw_layer(area, part, (self.left(i), right), *top)?;
        }
        let center = width / 2;
        for (i, top) in tops.iter().enumerate() {
            let mut y = top + BOX;
            for k in 0..self.merges_below(i).count() {
                let merge = merge_height(*top, k);
                arrow(area, &[(center, y), (center, merge - WORD)])?;
                y = merge + WORD;
            }
            let is_below = !self.is_part(i + 1) && !self.apart.contains(&(i + 1));
            if i + 1 < tops.len() && is_below {
                arrow(area, &[(center, y), (center, tops[i + 1])])?;
            }
        }
        if self.has_gap() {
            let at = (center, bottom);
            let note = Text::new(NOTE.to_string(), at, style(11, HPos::Center));
            area.draw(&note).map_err(text)?;
        }
        (0..self.forks.len()).try_for_each(|i| self.draw_fork(area, i, &tops, (center, right)))
    }

    /// The height of the merge of a fork.
    fn merge_of(&self, number: usize, tops: &[i32]) -> i32 {
        let last = self.forks[number].end() - 1;
        let before = self.inner_merges(last, number).count();
        merge_height(tops[last], before)
    }

    /// The merges right below a layer that are within a fork, and their numbers.
    fn inner_merges(&self, last: usize, number: usize) -> impl Iterator<Item = (usize, &str)> {
        let forks = self.forks[..number].iter().enumerate();
        let ending = forks.filter(move |(_, fork)| fork.end() == last + 1);
        ending.filter_map(|(i, fork)| Some((i, fork.merge.as_deref()?)))
    }

    fn draw_fork<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        number: usize,
        tops: &[i32],
        (center, right): (i32, i32),
    ) -> Drawn {
        let fork = &self.forks[number];
        if fork.parts.is_empty() || fork.start() == 0 || fork.end() > tops.len() {
            return Ok(());
        }
        let begin = tops[fork.start().min(tops.len() - 1)] - GAP / 2;
        let lane = right + LANE * (self.lanes() - self.level(number));
        let is_drawn = |part: &&Range<usize>| !part.is_empty();
        let lefts = fork.parts.iter().flat_map(Clone::clone);
        let side = lefts.map(|i| self.left(i)).min().unwrap_or(MARGIN.1) - 10;
        for part in fork.parts.iter().filter(is_drawn) {
            if part.start > fork.start() {
                let middle = tops[part.start] + BOX / 2;
                let to = (self.left(part.start), middle);
                arrow(area, &[(center, begin), (side, begin), (side, middle), to])?;
            }
        }
        let is_last = fork.end() == tops.len();
        if fork.merge.is_none() && is_last {
            return Ok(());
        }
        let has_hidden = fork.parts.iter().any(Range::is_empty);
        let word = fork.merge.as_ref().map(|word| match has_hidden {
            true => format!("{word}, tied"),
            false => word.clone(),
        });
        let merge = match &word {
            Some(_) => self.merge_of(number, tops),
            None => tops[fork.end()] - GAP / 2,
        };
        let half = word.as_deref().map_or(0, half_width);
        for part in fork.parts.iter().filter(is_drawn) {
            if part.end < fork.end() {
                let last = part.end - 1;
                let (x, y) = match self.inner_merges(last, number).last() {
                    Some((i, word)) => (center + half_width(word), self.merge_of(i, tops)),
                    None => (right, tops[last] + BOX / 2),
                };
                let to = (center + half, merge);
                arrow(area, &[(x, y), (lane, y), (lane, merge), to])?;
            }
        }
        if fork.has_skip || has_hidden {
            let to = (center + half, merge);
            let path = [(center, begin), (lane, begin), (lane, merge), to];
            arrow(area, &path)?;
        }
        match word {
            Some(word) => draw_word(area, &word, (center, merge)),
            None => Ok(()),
        }
    }
}

/// The height of the middle of a merge below a layer; 0 is the first.
fn merge_height(top: i32, number: usize) -> i32 {
    top + BOX + MERGE * (number as i32 + 1) - 6
}

/// Half of the width of a merge in pixels.
fn half_width(word: &str) -> i32 {
    7 + 7 * word.chars().count() as i32 / 2
}

/// How texts are set.
fn style(size: i32, h: HPos) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", size).into_font()).pos(Pos::new(h, VPos::Center))
}

fn draw_word<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    word: &str,
    (x, y): (i32, i32),
) -> Drawn {
    let half = half_width(word);
    let corners = [(x - half, y - WORD), (x + half, y + WORD)];
    let white = Rectangle::new(corners, WHITE.filled());
    area.draw(&white).map_err(text)?;
    let border = Rectangle::new(corners, LINES.stroke_width(1));
    area.draw(&border).map_err(text)?;
    let label = Text::new(word.to_string(), (x, y), style(12, HPos::Center));
    area.draw(&label).map_err(text)
}

/// A line through points, with an arrow at its end.
fn arrow<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, points: &[(i32, i32)]) -> Drawn {
    let line = PathElement::new(points.to_vec(), LINES.stroke_width(1));
    area.draw(&line).map_err(text)?;
    let [.., before, (x, y)] = points else {
        return Ok(());
    };
    let (dx, dy) = ((x - before.0).signum(), (y - before.1).signum());
    let head = [
        (x - 6 * dx - 4 * dy, y - 6 * dy - 4 * dx),
        (x - 6 * dx + 4 * dy, y - 6 * dy + 4 * dx),
        (*x, *y),
    ];
    area.draw(&Polygon::new(head.to_vec(), LINES.filled()))
        .map_err(text)
}

fn draw_layer<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    part: &Part,
    (left, right): (i32, i32),
    top: i32,
) -> Drawn {
    let color = color(&part.layer);
    let rectangle = |right: i32, style: ShapeStyle| {
        area.draw(&Rectangle::new([(left, top), (right, top + BOX)], style))
            .map_err(text)
    };
    rectangle(right, color.mix(0.14).filled())?;
    rectangle(left + 6, color.filled())?;
    let label = |label: String, at: (i32, i32), style: TextStyle| {
        area.draw(&Text::new(label, at, style)).map_err(text)
    };
    let quiet = RGBColor(90, 90, 90);
    let long = cut_middle(&part.layer, 56);
    label(long, (left + 14, top + 13), style(14, HPos::Left))?;
    let small = style(11, HPos::Left).color(&quiet);
    label(part.name.clone(), (left + 14, top + 31), small)?;
    let output = part.output.clone();
    label(output, (right - 8, top + 13), style(13, HPos::Right))?;
    if part.parameters > 0 {
        let count = cistron_base::shape::grouped(part.parameters);
        let small = style(11, HPos::Right).color(&quiet);
        label(format!("{count} parameters"), (right - 8, top + 31), small)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    fn layer(name: &str) -> Part {
        Part {
            name: name.into(),
            layer: "relu".into(),
            output: "[8, 20]".into(),
            parameters: 0,
            depth: name.matches('.').count(),
        }
    }

    fn fork(parts: &[Range<usize>], has_skip: bool) -> Fork {
        Fork {
            parts: parts.to_vec(),
            has_skip,
            merge: Some("+".into()),
        }
    }

    fn nested() -> Diagram {
        Diagram {
            parts: ["input", "0.body.0", "0.body.1.body", "1.0", "1.1", "2"]
                .map(layer)
                .to_vec(),
            forks: vec![
                fork(from_ref(&(2..3)), true),
                fork(from_ref(&(1..3)), true),
                fork(&[3..4, 4..5], false),
            ],
            apart: Vec::new(),
        }
    }

    #[test]
    fn merges_have_room_below_their_last_layer() {
        let own = nested();
        let (tops, end) = own.tops();
        let gaps: Vec<i32> = tops.windows(2).map(|two| two[1] - two[0] - BOX).collect();
        assert_eq!(gaps, [GAP, GAP, GAP + 2 * MERGE, GAP, GAP + MERGE]);
        assert_eq!(end, tops[5] + BOX + GAP);
        assert_eq!((own.level(0), own.level(1), own.level(2)), (1, 0, 0));
        assert_eq!(own.lanes(), 2);
        assert!(own.merge_of(0, &tops) < own.merge_of(1, &tops));
        assert!(own.merge_of(1, &tops) + WORD < tops[3]);
    }

    #[test]
    fn a_part_begins_without_an_arrow_from_the_one_before() {
        let svg = |own: Diagram| super::super::figure::diagram("net", own).to_svg();
        let heads = |own: &str| own.matches("<polygon").count();
        let own = nested();
        let mut straight = own.clone();
        straight.forks.clear();
        // without forks: an arrow between any two layers
        assert_eq!(heads(&svg(straight).expect("an SVG")), 5);
        // 4 between layers, 3 to merges below, 2 skips, 1 into and 1 out of the second part
        assert_eq!(heads(&svg(own).expect("an SVG")), 4 + 3 + 2 + 2);
    }

    #[test]
    fn parts_without_layers_and_other_outputs_are_drawn() {
        let mut own = nested();
        own.forks[2].parts = vec![3..5, 5..5];
        own.forks.push(Fork {
            parts: vec![4..5, 5..6],
            has_skip: false,
            merge: None,
        });
        let svg = super::super::figure::diagram("net", own).to_svg();
        assert!(svg.expect("an SVG").contains("+, tied"));
    }
}
