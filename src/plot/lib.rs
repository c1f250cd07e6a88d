//! Figures from plain numbers, as SVG or PNG by the file's name, or as text in a terminal.

mod axis;
mod bars;
mod boxes;
mod chart;
mod colors;
mod density;
mod diagram;
mod figure;
mod forest;
mod heat;
mod joint;
pub mod kinds;
mod letters;
mod logo;
mod ranks;
pub mod sidecar;
pub mod terminal;
mod tracks;

pub use bars::Bars;
pub use boxes::Boxes;
pub use chart::{Chart, Dots, Series};
pub use diagram::{Diagram, Part};
pub use figure::{
    Content, Figure, aligned, bars, boxes, chart, diagram, forest, heat, histogram, joint, logos,
    panels, ranks, tracks,
};
pub use forest::{Forest, Interval};
pub use heat::{Heat, Scale};
pub use joint::Joint;
pub use logo::{Letters, Scaling};
pub use ranks::Ranks;
pub use tracks::{Feature, Row, Tracks};
