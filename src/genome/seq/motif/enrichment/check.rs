//! Options and sequences that fit each other.

use super::types::{EnrichmentInput, EnrichmentOptions, Method, PositiveList, Scoring};
use cistron_base::{Result, bail};

/// Fails where the options do not fit each other or the sequences.
pub fn check(
    options: &EnrichmentOptions,
    input: &EnrichmentInput,
    primary: usize,
    all: usize,
    widest: usize,
) -> Result<()> {
    use Method::{Fisher, FourWay, Pearson, RankSum, Spearman, ThreeWay};
    let method = options.method;
    if primary == 0 || input.control.is_some() && all == primary {
        let what = if primary == 0 { "primary" } else { "control" };
        bail!(
            "value",
            "no {what} sequence has as many bases as the widest motif ({widest})"
        );
    }
    let least = if matches!(method, Pearson | Spearman) {
        3
    } else {
        2
    };
    if all < least {
        bail!("value", "at least {least} sequences are needed, got {all}");
    }
    if input.control.is_some() {
        if !matches!(method, Fisher | RankSum) {
            bail!(
                "option",
                "only methods \"fisher\" and \"ranksum\" compare with `control`"
            );
        }
        if options.partition.is_some() || options.positives == PositiveList::Pwm {
            bail!(
                "option",
                "with `control`, the primary sequences are the positive ones: leave `partition` \
                 and `poslist` out"
            );
        }
    }
    if let Some(partition) = options.partition {
        let most = all - usize::from(method == RankSum);
        if partition == 0 || partition > most {
            bail!(
                "option",
                "option `partition` must be from 1 to {most} for {all} sequences, got {partition}"
            );
        }
        if options.positives == PositiveList::Pwm {
            bail!(
                "option",
                "option `partition` fixes the first sequences as positive ones, which excludes \
                 `poslist: \"pwm\"`"
            );
        }
    }
    if matches!(method, ThreeWay | FourWay) && options.scoring != Scoring::TotalHits {
        bail!(
            "option",
            "methods \"3dmhg\" and \"4dmhg\" count hits: they need `scoring: \"totalhits\"`"
        );
    }
    if method != Pearson && (options.log_fasta_scores || options.log_pwm_scores) {
        bail!(
            "option",
            "options `log_fscores` and `log_pwmscores` need the method \"pearson\""
        );
    }
    let needs_scores =
        method == Pearson || method == Fisher && options.positives == PositiveList::Pwm;
    if needs_scores && input.scores.is_none() {
        bail!(
            "option",
            "method {} needs a score of every sequence",
            if method == Pearson { "\"pearson\"" } else { "\"fisher\" with `poslist: \"pwm\"`" };
            hint: "give `scores`, or a FASTA file with a number after each name"
        );
    }
    if let Some(scores) = &input.scores {
        if scores.len() != input.primary.len() {
            bail!(
                "option",
                "option `scores` has {} numbers for {} sequences",
                scores.len(),
                input.primary.len()
            );
        }
        if let Some(wrong) = scores.iter().find(|score| !score.is_finite()) {
            bail!("value", "scores of sequences must be finite, got {wrong}");
        }
    }
    Ok(())
}
