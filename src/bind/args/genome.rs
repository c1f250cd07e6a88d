//! Strands and statistics as scripts name them, and notes on tracks.

use crate::base::{Strand, StrandRule};
use crate::bind::warnings::warn;
use crate::lang::{Choice, Options};
use crate::seq::cpg;
use crate::seq::track::Statistic;
use crate::seq::{Intervals, Track};

/// The form of the rule of CpG islands.
#[derive(Choice, Clone, Copy)]
pub enum CpgRuleName {
    /// As published.
    Published,
    /// As in the code of DeepGRN.
    Coded,
}

impl From<CpgRuleName> for cpg::Rule {
    fn from(name: CpgRuleName) -> cpg::Rule {
        match name {
            CpgRuleName::Published => cpg::Rule::Published,
            CpgRuleName::Coded => cpg::Rule::Coded,
        }
    }
}

/// Options of the rule of CpG islands.
#[derive(Options)]
pub struct CpgRuleOptions {
    /// Form of the rule: "published", or "coded" as in DeepGRN, where .001 is added to
    /// ((N(C)+N(G))/2)² and the second condition is (N(C)+N(G))/2 > 0.5, which two C or G fulfil.
    #[option(name = "as", default = "published")]
    pub rule: CpgRuleName,
}

/// A condition on the strands of two intervals.
#[derive(Choice, Clone, Copy)]
pub enum StrandCondition {
    /// None.
    Any,
    /// Both are known and the same.
    Same,
    /// Both are known and differ.
    Opposite,
}

impl From<StrandCondition> for StrandRule {
    fn from(condition: StrandCondition) -> StrandRule {
        match condition {
            StrandCondition::Any => StrandRule::Any,
            StrandCondition::Same => StrandRule::Same,
            StrandCondition::Opposite => StrandRule::Opposite,
        }
    }
}

/// A statistic of the values of a track in an interval.
#[derive(Choice, Clone, Copy)]
pub enum StatisticName {
    /// Mean.
    Mean,
    /// Largest value.
    Max,
    /// Smallest value.
    Min,
    /// Sum.
    Sum,
    /// Fraction of the bases that have a value.
    Covered,
}

impl From<StatisticName> for Statistic {
    fn from(name: StatisticName) -> Statistic {
        match name {
            StatisticName::Mean => Statistic::Mean,
            StatisticName::Max => Statistic::Max,
            StatisticName::Min => Statistic::Min,
            StatisticName::Sum => Statistic::Sum,
            StatisticName::Covered => Statistic::Covered,
        }
    }
}

/// A strand.
#[derive(Choice)]
pub enum StrandName {
    /// The forward strand.
    #[choice(name = "+")]
    Forward,
    /// The reverse strand.
    #[choice(name = "-")]
    Reverse,
}

impl From<StrandName> for Strand {
    fn from(name: StrandName) -> Strand {
        match name {
            StrandName::Forward => Strand::Forward,
            StrandName::Reverse => Strand::Reverse,
        }
    }
}

/// Warns of intervals where the signal cannot have a value.
pub fn noted(track: &Track, list: &Intervals) {
    track.notes(list).iter().for_each(|note| warn(note));
}
