//! Namespaces of gene expression: matrices, networks, clusters, trees.

pub mod cluster;
pub mod matrix;
pub mod modules;
pub mod network;
pub mod simulation;
pub mod trees;

use crate::lang::Native;

/// The native functions of the folder.
pub fn natives() -> Vec<Native> {
    let all = [
        matrix::natives(),
        network::natives(),
        simulation::natives(),
        modules::natives(),
        cluster::natives(),
        trees::natives(),
    ];
    all.into_iter().flatten().collect()
}
