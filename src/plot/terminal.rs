//! Figures as text: curves of Braille dots, blocks, coloured letters.

use super::axis::{ends, range, share, short};
use super::colors::BASES;
use super::logo::Letters;
use super::{Bars, Boxes, Chart, Content, Dots, Figure, Heat, boxes};
use cistron_genome::seq::Motif;
use std::fmt::Write;

/// Colours of series as terminals know them, near those of drawn figures.
const ANSI: [u8; 6] = [33, 166, 35, 175, 214, 117];
/// Columns of a figure where the output is no terminal.
pub const COLUMNS: usize = 90;

/// Eight heights.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

fn painted(text: &str, code: u8, colored: bool) -> String {
    if colored {
        format!("\x1b[38;5;{code}m{text}\x1b[0m")
    } else {
        text.to_string()
    }
}

/// Numbers as a line of blocks.
pub fn sparkline(values: &[f64]) -> String {
    let (low, high) = range(values.iter().copied(), 0.0);
    let block = |v: &f64| {
        if v.is_finite() {
            BLOCKS[((share(*v, (low, high)) * 7.0).round() as usize).min(7)]
        } else {
            ' '
        }
    };
    values.iter().map(block).collect()
}

/// A letter in the colour of its base.
fn letter(base: usize, colored: bool) -> String {
    let text = ["A", "C", "G", "T"][base];
    let color = BASES[base];
    if colored {
        format!(
            "\x1b[1;38;2;{};{};{}m{text}\x1b[0m",
            color.0, color.1, color.2
        )
    } else {
        text.to_string()
    }
}

/// A motif as its consensus: capital and coloured where a base is likely, small where it is not.
pub fn motif(motif: &Motif, colored: bool) -> String {
    let one = |(row, bits): (&[f64; 4], f64)| {
        let best = (0..4)
            .max_by(|a, b| row[*a].total_cmp(&row[*b]))
            .unwrap_or(0);
        match bits {
            b if b >= 1.0 => letter(best, colored),
            b if b >= 0.4 => painted(["a", "c", "g", "t"][best], 245, colored),
            _ => painted("·", 245, colored),
        }
    };
    motif.ppm.iter().zip(motif.information()).map(one).collect()
}

/// Dots of a Braille character, by row and column.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

fn chart(chart: &Chart, width: usize, colored: bool) -> String {
    let (columns, rows) = (width.saturating_sub(12).clamp(20, 100), 12);
    let all = || {
        chart
            .lines
            .iter()
            .map(|line| (&line.name, &line.points, true))
            .chain(
                chart
                    .dots
                    .iter()
                    .map(|dots| (&dots.name, &dots.points, false)),
            )
    };
    let points = || {
        all()
            .flat_map(|(_, points, _)| points.iter())
            .filter(|p| p.0.is_finite() && p.1.is_finite())
    };
    let ((x0, x1), (y0, y1)) = if chart.unit {
        ((0.0, 1.0), (0.0, 1.0))
    } else {
        (
            range(points().map(|p| p.0), 0.0),
            range(points().map(|p| p.1), 0.02),
        )
    };
    let mut cells = vec![(0u8, 0usize); columns * rows];
    let place = |p: &(f64, f64)| {
        (
            share(p.0, (x0, x1)) * (columns * 2 - 1) as f64,
            share(p.1, (y1, y0)) * (rows * 4 - 1) as f64,
        )
    };
    for (i, (_, points, joined)) in all().enumerate() {
        let mut dot = |x: f64, y: f64| {
            let (x, y) = (x.round(), y.round());
            if x >= 0.0 && y >= 0.0 && (x as usize) < columns * 2 && (y as usize) < rows * 4 {
                let cell = &mut cells[y as usize / 4 * columns + x as usize / 2];
                cell.0 |= DOTS[y as usize % 4][x as usize % 2];
                cell.1 = i;
            }
        };
        let finite: Vec<(f64, f64)> = points
            .iter()
            .filter(|p| p.0.is_finite() && p.1.is_finite())
            .map(place)
            .collect();
        finite.iter().for_each(|p| dot(p.0, p.1));
        for pair in finite.windows(2).filter(|_| joined) {
            let steps = (pair[1].0 - pair[0].0)
                .abs()
                .max((pair[1].1 - pair[0].1).abs())
                .ceil()
                .min(10_000.0) as usize;
            (1..steps).for_each(|s| {
                let share = s as f64 / steps as f64;
                dot(
                    pair[0].0 + (pair[1].0 - pair[0].0) * share,
                    pair[0].1 + (pair[1].1 - pair[0].1) * share,
                );
            });
        }
    }
    let mut out = String::new();
    let level = |v: f64| if chart.log_y { 10f64.powf(v) } else { v };
    let (lowest, highest) = ends(level(y0), level(y1));
    for row in 0..rows {
        let label = match row {
            0 => highest.clone(),
            r if r + 1 == rows => lowest.clone(),
            _ => String::new(),
        };
        let _ = write!(out, "{label:>9} │");
        for (bits, series) in &cells[row * columns..(row + 1) * columns] {
            let braille = char::from_u32(0x2800 + u32::from(*bits))
                .unwrap_or(' ')
                .to_string();
            out += &if *bits == 0 {
                " ".to_string()
            } else {
                painted(&braille, ANSI[series % ANSI.len()], colored)
            };
        }
        out = out.trim_end().to_string() + "\n";
    }
    let (left, right) = match chart.log_x {
        true => ends(10f64.powf(x0), 10f64.powf(x1)),
        false => ends(x0, x1),
    };
    let middle = columns.saturating_sub(left.chars().count() + right.chars().count());
    let _ = writeln!(out, "{:>9} └{}", "", "─".repeat(columns));
    let _ = writeln!(out, "{:>10} {left}{:^middle$}{right}", "", chart.x);
    for (i, (name, points, joined)) in all().enumerate().filter(|(_, (name, ..))| !name.is_empty())
    {
        let last = points
            .last()
            .filter(|_| joined)
            .map_or(String::new(), |p| format!(" {}", short(level(p.1))));
        let _ = writeln!(
            out,
            "{:>10} {} {name}{last}",
            "",
            painted("━━", ANSI[i % ANSI.len()], colored)
        );
    }
    out
}

fn bars(bars: &Bars, width: usize, colored: bool) -> String {
    let name = |group: usize, part: usize| {
        if bars.parts.len() == 1 {
            bars.groups[group].clone()
        } else {
            format!("{} {}", bars.groups[group], bars.parts[part].0)
        }
    };
    let all: Vec<(String, f64, f64, usize)> = (0..bars.groups.len())
        .flat_map(|group| (0..bars.parts.len()).map(move |part| (group, part)))
        .map(|(group, part)| {
            (
                name(group, part),
                bars.parts[part].1[group].0,
                bars.parts[part].1[group].1,
                part,
            )
        })
        .collect();
    let wide = all
        .iter()
        .map(|row| row.0.chars().count())
        .max()
        .unwrap_or(0);
    let most = all
        .iter()
        .map(|row| row.1.abs())
        .fold(0.0, f64::max)
        .max(f64::MIN_POSITIVE);
    let room = width.saturating_sub(wide + 24).clamp(10, 80) as f64;
    let mut out = String::new();
    for (name, value, error, part) in all {
        let bar = "█".repeat((value.abs() / most * room).round() as usize);
        let error = if error > 0.0 {
            format!(" ± {}", short(error))
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "{name:>wide$} {} {}{error}",
            painted(&bar, ANSI[part % ANSI.len()], colored),
            short(value)
        );
    }
    out
}

fn box_lines(own: &Boxes, width: usize, colored: bool) -> String {
    let (low, high) = range(own.samples.iter().flatten().copied(), 0.0);
    let wide = own
        .groups
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    let room = width.saturating_sub(wide + 4).clamp(20, 90);
    let at = |v: f64| (share(v, (low, high)) * (room - 1) as f64).round() as usize;
    let mut out = String::new();
    for (i, (name, sample)) in own.groups.iter().zip(&own.samples).enumerate() {
        let mut sorted: Vec<f64> = sample.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let mut line = vec![' '; room];
        if !sorted.is_empty() {
            let of = |share: f64| at(boxes::quantile(&sorted, share));
            line[of(0.0)..=of(1.0)].fill('─');
            line[of(0.25)..=of(0.75)].fill('█');
            line[of(0.5)] = '┃';
        }
        let _ = writeln!(
            out,
            "{name:>wide$} {}",
            painted(
                line.into_iter().collect::<String>().trim_end(),
                ANSI[i % ANSI.len()],
                colored
            )
        );
    }
    let (first, last) = ends(low, high);
    let rest = room.saturating_sub(first.chars().count());
    let _ = writeln!(out, "{:>wide$} {first}{last:>rest$}", "");
    out
}

fn heat(heat: &Heat) -> String {
    if heat.numbers && heat.values.first().is_some_and(|row| row.len() <= 12) {
        let name =
            |names: &[String], i: usize| names.get(i).cloned().unwrap_or_else(|| i.to_string());
        let wide = (0..heat.values.len())
            .map(|i| name(&heat.rows, i).chars().count())
            .max()
            .unwrap_or(0);
        let mut out = format!("{:>wide$}", "");
        (0..heat.values[0].len()).for_each(|j| {
            out += &format!(
                " {:>9}",
                name(&heat.columns, j).chars().take(9).collect::<String>()
            )
        });
        out.push('\n');
        for (i, row) in heat.values.iter().enumerate() {
            out += &format!("{:>wide$}", name(&heat.rows, i));
            row.iter()
                .for_each(|v| out += &format!(" {:>9}", short(*v)));
            out.push('\n');
        }
        return out;
    }
    let (low, high) = range(heat.values.iter().flatten().copied(), 0.0);
    let shade = |v: &f64| {
        if v.is_finite() {
            let shade = (share(*v, (low, high)) * 4.0).round() as usize;
            [' ', '░', '▒', '▓', '█'][shade.min(4)]
        } else {
            '?'
        }
    };
    let step = |n: usize, room: usize| n.div_ceil(room).max(1);
    let (rows, columns) = (
        step(heat.values.len(), 32),
        step(heat.values.first().map_or(0, Vec::len), 72),
    );
    heat.values
        .iter()
        .step_by(rows)
        .map(|row| row.iter().step_by(columns).map(shade).collect::<String>() + "\n")
        .collect()
}

fn logo(own: &Letters, colored: bool) -> String {
    // four lines of letters by what they say, the most above
    let most = own
        .heights
        .iter()
        .flatten()
        .map(|h| h.abs())
        .fold(0.0, f64::max)
        .max(f64::MIN_POSITIVE);
    let best = |row: &[f64; 4]| {
        (0..4)
            .max_by(|a, b| row[*a].abs().total_cmp(&row[*b].abs()))
            .unwrap_or(0)
    };
    let mut out = format!("{}\n", own.name);
    let line = |level: f64, sign: f64| -> String {
        let mark = |row: &[f64; 4]| {
            let base = best(row);
            let height = row[base] * sign / most;
            if height >= level {
                letter(base, colored)
            } else {
                " ".to_string()
            }
        };
        own.heights.iter().map(mark).collect::<String>()
    };
    for level in [0.75, 0.5, 0.25, 0.08] {
        out += &format!("  {}\n", line(level, 1.0).trim_end());
    }
    if own.heights.iter().flatten().any(|h| *h < 0.0) {
        out += &format!("  {}\n", "─".repeat(own.heights.len()));
        for level in [0.08, 0.25, 0.5] {
            out += &format!("  {}\n", line(level, -1.0).trim_end());
        }
    }
    out
}

/// A figure as text of about this many columns.
pub fn show(figure: &Figure, width: usize, colored: bool) -> String {
    let body = match &figure.content {
        Content::Charts(charts) => charts
            .iter()
            .map(|own| {
                format!(
                    "{}{}",
                    if own.y.is_empty() {
                        String::new()
                    } else {
                        format!("{:>11}\n", own.y)
                    },
                    chart(own, width, colored)
                )
            })
            .collect(),
        Content::Joint(own) => {
            let dots = Dots {
                name: String::new(),
                points: own.points.clone(),
            };
            let points = Chart {
                x: own.x.clone(),
                dots: vec![dots],
                ..Chart::default()
            };
            format!("{:>11}\n{}", own.y, chart(&points, width, colored))
        }
        Content::Panels(figures, _) => figures
            .iter()
            .map(|own| show(own, width, colored))
            .collect(),
        Content::Bars(own) => bars(own, width, colored),
        Content::Boxes(own) => box_lines(own, width, colored),
        Content::Heat(own) => heat(own),
        Content::Logos(logos) => logos.iter().map(|own| logo(own, colored)).collect(),
        Content::Tracks(tracks) => tracks
            .rows
            .iter()
            .map(|row| match row {
                super::Row::Signal { name, values } => {
                    let step = values
                        .len()
                        .div_ceil(width.saturating_sub(16).clamp(20, 100))
                        .max(1);
                    let means: Vec<f64> = values
                        .chunks(step)
                        .map(|part| part.iter().sum::<f64>() / part.len() as f64)
                        .collect();
                    format!("{name:>14} {}\n", sparkline(&means))
                }
                super::Row::Features { name, features } => {
                    let words: Vec<String> = features
                        .iter()
                        .map(|f| format!("{} {}-{} {}", f.name, f.start, f.end, f.strand))
                        .collect();
                    format!("{name:>14} {}\n", words.join("; "))
                }
                super::Row::Contributions { name, heights } => {
                    let step = heights
                        .len()
                        .div_ceil(width.saturating_sub(16).clamp(20, 100))
                        .max(1);
                    let sums: Vec<f64> = heights
                        .chunks(step)
                        .map(|part| part.iter().flatten().sum())
                        .collect();
                    format!("{name:>14} {}\n", sparkline(&sums))
                }
            })
            .collect(),
        Content::Diagram(diagram) => diagram
            .parts
            .iter()
            .map(|part| {
                format!(
                    "{}{}  {}  {}\n",
                    "  ".repeat(part.depth),
                    part.name,
                    part.layer,
                    part.output
                )
            })
            .collect(),
        Content::Forest(forest) => forest.to_text(width),
        Content::Ranks(ranks) => ranks.to_text(width),
        Content::Module(map) => map.to_text(),
        Content::Tree(tree) => tree.to_text(),
        Content::Graph(graph) => graph.to_text(),
        Content::Structure(structure) => structure.to_text(),
    };
    format!("{}\n{body}", figure.title)
}

#[cfg(test)]
mod tests {
    use super::super::{Series, chart as figure_of};
    use super::*;

    #[test]
    fn numbers_become_blocks_and_dots() {
        assert_eq!(sparkline(&[0.0, 1.0, 2.0, f64::NAN, 7.0]), "▁▂▃ █");
        let line = Series {
            name: "loss".into(),
            points: vec![(1.0, 1.0), (2.0, 0.5), (3.0, 0.25)],
        };
        let text = show(
            &figure_of(
                "t",
                Chart {
                    lines: vec![line],
                    x: "epoch".into(),
                    ..Chart::default()
                },
            ),
            60,
            false,
        );
        assert!(
            text.contains("loss 0.25")
                && text.contains("epoch")
                && text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)),
            "{text}"
        );
        assert!(!text.contains('\x1b'));
        let own = Motif::from_consensus("m", "ARN").expect("a motif");
        assert_eq!(motif(&own, false), "AG·");
        assert!(motif(&own, true).contains("\x1b[1;38;2;"));
    }
}
