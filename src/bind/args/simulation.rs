//! Simulated datasets.

use super::motif::strand_text;
use crate::seq::simulate::{Site, Truth};
use rhai::Map;

/// Sites as maps.
pub fn sites_of(truth: &Truth, row: usize) -> Vec<Map> {
    let map_of = |site: &Site| {
        let name = truth.motifs[site.motif as usize].name.clone();
        Map::from([
            ("motif".into(), i64::from(site.motif).into()),
            ("name".into(), name.into()),
            ("start".into(), i64::from(site.start).into()),
            ("end".into(), (truth.end(site) as i64).into()),
            ("strand".into(), strand_text(site.reverse).into()),
        ])
    };
    truth.sites(row).iter().map(map_of).collect()
}
