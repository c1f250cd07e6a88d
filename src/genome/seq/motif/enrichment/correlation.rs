//! Pearson's and Spearman's correlation over partitions, with Fisher's transform.

use super::ranking::{Ranking, Row};
use super::types::{Best, Detail, EnrichmentOptions, Method, PositiveList};
use cistron_base::{Result, bail};
use cistron_metrics::statistics::log_tails::log_normal_tail;

/// Fewer sequences than this have no p-value: the partition of the smallest error is taken.
const LEAST: usize = 30;

/// Sums over the first sequences.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xy: f64,
    xx: f64,
    yy: f64,
}

impl Sums {
    fn add(&mut self, [x, y]: [f64; 2]) {
        self.n += 1.0;
        self.x += x;
        self.y += y;
        self.xy += x * y;
        self.xx += x * x;
        self.yy += y * y;
    }

    fn covariance(&self) -> f64 {
        self.n * self.xy - self.x * self.y
    }

    fn r(&self) -> f64 {
        let spread = (self.n * self.xx - self.x * self.x) * (self.n * self.yy - self.y * self.y);
        if spread > 0.0 {
            self.covariance() / spread.sqrt()
        } else {
            0.0
        }
    }

    /// The logarithm of the chance of a correlation at least as large.
    fn log_p(&self) -> f64 {
        let r = self.r();
        if r >= 1.0 {
            return f64::NEG_INFINITY;
        }
        if r <= -1.0 {
            return 0.0;
        }
        log_normal_tail(0.5 * (self.n - 3.0).sqrt() * ((1.0 + r) / (1.0 - r)).ln())
    }

    /// Slope and intercept of the line that predicts y.
    fn line(&self) -> (f64, f64) {
        let spread = self.n * self.xx - self.x * self.x;
        if spread == 0.0 {
            return (0.0, 0.0);
        }
        let slope = self.covariance() / spread;
        (slope, (self.y - slope * self.x) / self.n)
    }
}

/// The root of the sum of squared errors of a line over the number of points: AME's error.
fn error(points: &[[f64; 2]], (slope, intercept): (f64, f64)) -> f64 {
    let square = |[x, y]: &[f64; 2]| (y - (slope * x + intercept)).powi(2);
    points.iter().map(square).sum::<f64>().sqrt() / points.len() as f64
}

/// The points of sequences: given scores, negated so that the smallest are the most positive, and
/// scores of the motif; or their ranks.
fn points(ranking: &Ranking, options: &EnrichmentOptions) -> Result<Vec<[f64; 2]>> {
    let use_ranks = options.method == Method::Spearman;
    let log = |x: f64, name: &str| {
        if x <= 0.0 {
            bail!("value", "option `{name}` needs scores above 0, got {x}");
        }
        Ok(x.ln())
    };
    let fasta = |row: &Row| match (use_ranks, options.log_fasta_scores) {
        (true, _) => Ok(row.fasta_rank),
        (_, true) => Ok(-log(row.fasta_score, "log_fscores")?),
        _ => Ok(-row.fasta_score),
    };
    let pwm = |row: &Row| match (use_ranks, options.log_pwm_scores) {
        (true, _) => Ok(row.pwm_rank),
        (_, true) => log(row.pwm_score, "log_pwmscores"),
        _ => Ok(row.pwm_score),
    };
    let point = |row: &Row| {
        let (fasta, pwm) = (fasta(row)?, pwm(row)?);
        Ok(if options.switch_axes {
            [fasta, pwm]
        } else {
            [pwm, fasta]
        })
    };
    ranking.0.iter().map(point).collect()
}

/// The best number of first sequences, or the given one, but at least three.
pub fn best(
    ranking: &Ranking,
    options: &EnrichmentOptions,
    partition: Option<usize>,
) -> Result<Best> {
    let points = points(ranking, options)?;
    let (first, last) = match partition {
        Some(fixed) => (fixed.max(3), fixed.max(3)),
        None => (3, points.len()),
    };
    let is_line = options.method == Method::Pearson;
    let mut sums = Sums::default();
    let (mut tests, mut chosen) = (0, None);
    let (mut least_error, mut least_log_p) = (f64::INFINITY, f64::INFINITY);
    for (i, point) in points.iter().enumerate().take(last) {
        sums.add(*point);
        let n = i + 1;
        if n < first {
            continue;
        }
        if n < LEAST {
            let error = match is_line {
                true => error(&points[..n], sums.line()),
                false => 0.0,
            };
            if error < least_error {
                least_error = error;
                chosen = Some((n, 0.0, sums));
            }
            continue;
        }
        tests += 1;
        let log_p = sums.log_p();
        if log_p < least_log_p {
            least_log_p = log_p;
            chosen = Some((n, log_p, sums));
        }
    }
    let Some((n, log_p, sums)) = chosen else {
        bail!(
            "value",
            "scores of sequences are too large for a correlation"
        );
    };
    let row = &ranking.0[n - 1];
    Ok(Best {
        log_p,
        tests: tests.max(1),
        threshold: match options.positives {
            PositiveList::Fasta => row.fasta_score,
            PositiveList::Pwm => row.pwm_score,
        },
        positives: n,
        negatives: 0,
        detail: detail(&sums, &points[..n], options),
    })
}

/// The coefficient and the line, for scores that are not negated.
fn detail(sums: &Sums, points: &[[f64; 2]], options: &EnrichmentOptions) -> Detail {
    if options.method == Method::Spearman {
        return Detail::Correlation {
            r: sums.r(),
            error: f64::NAN,
            slope: f64::NAN,
            intercept: f64::NAN,
        };
    }
    let line = sums.line();
    let root = error(points, line);
    let n = points.len() as f64;
    // a line that predicts negated scores is negated as a whole; AME negates its slope alone
    let is_negated = options.corrected && !options.switch_axes;
    Detail::Correlation {
        r: sums.r(),
        error: if options.corrected {
            root * root * n
        } else {
            root
        },
        slope: -line.0,
        intercept: if is_negated { -line.1 } else { line.1 },
    }
}
