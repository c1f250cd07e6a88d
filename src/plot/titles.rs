//! Titles that are wrapped over lines where one has no room for them.

use super::axis::{Drawn, LETTER, text};
use plotters::coord::Shift;
use plotters::prelude::*;

/// The most lines of a title.
pub(super) const MOST: usize = 3;

/// Size of titles of axes, and the distance of their lines; pixels.
pub(super) const AXIS: u32 = 14;
pub(super) const LINE: i32 = 16;

/// The width of words in pixels, in the embedded font or a somewhat wider one.
pub(super) fn width(words: &str, size: u32) -> f64 {
    let font = ("sans-serif", size).into_font();
    match font.box_size(words) {
        Ok((width, _)) => f64::from(width) * 1.04,
        Err(_) => words.chars().count() as f64 * LETTER * f64::from(size) / 13.0,
    }
}

/// Words as lines of at most so many pixels: at most three, of which the last ends with … where
/// words are left out. Words that are wider than a line are split.
pub(super) fn wrapped(words: &str, pixels: i32, size: u32) -> Vec<String> {
    wrapped_over(MOST, words, pixels, size)
}

/// Words as at most so many lines, as `wrapped`.
pub(super) fn wrapped_over(most: usize, words: &str, pixels: i32, size: u32) -> Vec<String> {
    let room = f64::from(pixels).max(f64::from(size) * 2.0);
    let fits = |line: &str| width(line, size) <= room;
    if fits(words) {
        return vec![words.to_string()];
    }
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words.split_whitespace() {
        let longer = match line.is_empty() {
            true => word.to_string(),
            false => format!("{line} {word}"),
        };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            line.push(letter);
            if !fits(&line) && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::take(&mut line));
                line.push(letter);
            }
        }
        if lines.len() > most {
            break;
        }
    }
    lines.push(line);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while !fits(&format!("{last}…")) && last.pop().is_some() {}
            *last = format!("{}…", last.trim_end());
        }
    }
    lines
}

/// Draws a title above an area; what remains of the area is below it.
pub(super) fn titled<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    size: u32,
) -> Result<DrawingArea<DB, Shift>, String> {
    let (width, _) = area.dim_in_pixel();
    let lines = wrapped(title, width as i32 - 16, size);
    lines.iter().try_fold(area.clone(), |area, line| {
        area.titled(line, ("sans-serif", size)).map_err(text)
    })
}

/// Draws lines below each other, or of rotated text beside each other; `style` anchors each.
pub(super) fn draw_lines<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    lines: &[String],
    (x, y): (i32, i32),
    style: &TextStyle,
) -> Drawn {
    let is_rotated = !matches!(style.font.get_transform(), FontTransform::None);
    for (i, line) in lines.iter().enumerate() {
        let by = i as i32 * LINE;
        let place = if is_rotated { (x + by, y) } else { (x, y + by) };
        area.draw(&Text::new(line.clone(), place, style.clone()))
            .map_err(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_wrapped_over_three_lines() {
        crate::letters::register_font();
        assert_eq!(wrapped("loss", 400, 18), ["loss"]);
        assert_eq!(wrapped("", 400, 18), [""]);
        let lines = wrapped("binding of the factor at the sites of a genome", 200, 18);
        assert_eq!(
            lines.join(" "),
            "binding of the factor at the sites of a genome"
        );
        assert!(lines.len() == 2 || lines.len() == 3, "{lines:?}");
        for long in ["abcdefgh ".repeat(60), "x".repeat(480), "é".repeat(480)] {
            let lines = wrapped(&long, 200, 18);
            assert!(lines.len() == 3 && lines[2].ends_with('…'), "{lines:?}");
            assert!(
                lines.iter().all(|line| width(line, 18) <= 200.0),
                "{lines:?}"
            );
        }
        // no room at all
        assert!(!wrapped("abc def", -5, 18).is_empty());
    }
}
