//! Settings of TF-MoDISco.

/// How patterns are found; names of the reference in brackets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Positions of a seqlet's core (sliding_window_size).
    pub window: usize,
    /// Positions on both sides of the core (flank_size).
    pub flank: usize,
    /// False seqlets among all (target_seqlet_fdr).
    pub fdr: f64,
    /// Seqlets around the spans of the recursive method that stand out by this p-value, instead.
    pub recursive: Option<f64>,
    /// At least this share of windows passes (min_passing_windows_frac).
    pub fewest: f64,
    /// At most this share of windows passes (max_passing_windows_frac).
    pub most: f64,
    /// Quantile of windows from which the sign counts, at most (weak_threshold_for_counting_sign).
    pub weak: f64,
    /// Seqlets of one sign, at most (max_seqlets_per_metacluster).
    pub seqlets: usize,
    /// Fewest seqlets of one sign (min_metacluster_size).
    pub fewest_seqlets: usize,
    /// Starts of the clustering; the best counts (n_leiden_runs).
    pub seeds: usize,
    /// Share of a seqlet that overlaps where it is aligned (min_overlap_while_sliding).
    pub overlap: f64,
    /// Neighbours that are compared finely (nearest_neighbors_to_compute).
    pub neighbours: usize,
    /// Least correlation of coarse and fine similarities (affmat_correlation_threshold).
    pub correlation: f64,
    /// Effective neighbours (tsne_perplexity).
    pub perplexity: f64,
    /// Places of the most informative window (trim_to_window_size).
    pub trimmed: usize,
    /// Places added on both sides of it (initial_flank_to_add).
    pub grown: usize,
    /// Places added to finished patterns (final_flank_to_add).
    pub final_flank: usize,
    /// Fewest seqlets of a pattern (final_min_cluster_size).
    pub least: usize,
    /// Least information of some window of six places, bits (min_ic_in_window).
    pub information: f64,
}

impl Default for Settings {
    /// Those of the reference's command.
    fn default() -> Settings {
        Settings {
            window: 20,
            flank: 5,
            fdr: 0.05,
            recursive: None,
            fewest: 0.03,
            most: 0.2,
            weak: 0.8,
            seqlets: 20_000,
            fewest_seqlets: 100,
            seeds: 2,
            overlap: 0.7,
            neighbours: 500,
            correlation: 0.15,
            perplexity: 10.0,
            trimmed: 30,
            grown: 10,
            final_flank: 0,
            least: 20,
            information: 0.6,
        }
    }
}
