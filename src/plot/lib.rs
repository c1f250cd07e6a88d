//! Figures from plain numbers, as SVG, PNG or PDF by the file's name, or as text in a terminal.

mod axis;
mod bars;
mod boxes;
mod chart;
mod colors;
mod dark;
mod density;
mod diagram;
mod figure;
mod forest;
mod frame;
mod graph;
mod heat;
mod joint;
pub mod kinds;
mod legend;
mod letters;
mod logo;
mod modules;
pub mod natural;
mod ranks;
pub mod raster;
pub mod sidecar;
mod structure;
pub mod terminal;
mod ticks;
mod titles;
mod tracks;
mod tree;

pub use bars::Bars;
pub use boxes::Boxes;
pub use chart::{Chart, Dots, Series};
pub use diagram::{Diagram, Fork, Part};
pub use figure::{
    Content, Figure, Theme, aligned, bars, boxes, chart, diagram, forest, graph, heat, histogram,
    joint, logos, module, panels, ranks, structure, tracks, tree,
};
pub use forest::{Forest, Interval};
pub use graph::{Edge, Graph};
pub use heat::{Heat, Scale};
pub use joint::Joint;
pub use logo::{Letters, Scaling};
pub use modules::ModuleMap;
pub use ranks::Ranks;
pub use structure::{Structure, Trace};
pub use tracks::{Feature, Row, Tracks};
pub use tree::{Tree, TreeNode};
