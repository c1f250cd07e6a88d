//! Values as people see them: as text, as a picture, as a table of a page.

pub mod comparison;
pub mod enrichment;
pub mod figure;
pub mod json;
pub mod line;
pub mod page;
pub mod weights;

use crate::bind::types::Motifs;
use crate::lang::show;
use crate::plot::{Figure, terminal};
use crate::seq::Motif;
use crate::train::History;
use rhai::Dynamic;

pub use figure::figure_of;
pub use page::html;

/// The most rows of a list or table that are shown.
const ROWS: usize = 50;

/// The most motifs that are drawn.
const LOGOS: usize = 12;

/// A value as text over as many lines as it needs; a figure is drawn with letters.
pub fn text(value: &Dynamic, colored: bool) -> String {
    let about = |motif: &Motif, wide: usize| {
        format!(
            "{:<wide$}  {}  {:.1} bits",
            crate::base::written::printable(&motif.name),
            terminal::motif(motif, colored),
            motif.total_information()
        )
    };
    if let Some(motif) = value.read_lock::<Motif>() {
        return format!("motif {}", about(&motif, 0));
    }
    if let Some(motifs) = value.read_lock::<Motifs>() {
        let wide = motifs
            .0
            .iter()
            .take(ROWS)
            .map(|motif| motif.name.chars().count())
            .max()
            .unwrap_or(0);
        let mut lines: Vec<String> = motifs
            .0
            .iter()
            .take(ROWS)
            .map(|motif| about(motif, wide))
            .collect();
        if motifs.0.len() > ROWS {
            lines.push(format!("… {} more", motifs.0.len() - ROWS));
        }
        return lines.join("\n");
    }
    if let Some(figure) = value.read_lock::<Figure>() {
        let columns = crate::base::screen::columns().unwrap_or(terminal::COLUMNS);
        return terminal::show(&figure, columns, colored)
            .trim_end()
            .to_string();
    }
    crate::base::written::printable(&show::pretty(value)).into_owned()
}

/// The picture that a value is best seen as: figures, motifs, what a training gave. Others are
/// read, not looked at.
pub fn picture(value: &Dynamic) -> Option<Figure> {
    if let Some(motifs) = value.read_lock::<Motifs>() {
        let first = Motifs(std::rc::Rc::new(
            motifs.0.iter().take(LOGOS).cloned().collect(),
        ));
        return if first.0.is_empty() {
            None
        } else {
            figure_of(&Dynamic::from(first))
        };
    }
    let is_seen = value.is::<Figure>() || value.is::<Motif>() || value.is::<History>();
    if is_seen { figure_of(value) } else { None }
}
