//! Namespaces of gene expression: matrices, networks, clusters, trees.

pub mod cluster;
pub mod matrix;
pub mod modules;
pub mod names;
pub mod network;
pub mod pairs;
pub mod simulation;
pub mod trees;

use crate::lang::Native;

/// The native functions of the folder.
pub fn natives() -> Vec<Native> {
    let all = [
        matrix::natives(),
        names::natives(),
        network::natives(),
        pairs::natives(),
        simulation::natives(),
        modules::natives(),
        cluster::natives(),
        trees::natives(),
    ];
    all.into_iter().flatten().collect()
}
