//! What an audit found, as maps.

use crate::audit::{self, Audit, Baseline, Gain, Replicates, ShuffledNegatives};
use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::types::Tabled;
use crate::lang::IntoValue;
use crate::lang::value::array;
use rhai::{Dynamic, Map};

fn table(audit: &Audit) -> Result<Dynamic> {
    let baselines = &audit.baselines;
    let text = |of: fn(&Baseline) -> &str| {
        Cells::Text(baselines.iter().map(|own| of(own).to_string()).collect())
    };
    let number = |of: fn(&Baseline) -> f64| Cells::Number(baselines.iter().map(of).collect());
    let mut columns = vec![
        ("baseline".to_string(), text(|own| &own.name)),
        ("auroc".into(), number(|own| own.auroc)),
        (
            "average_precision".into(),
            number(|own| own.average_precision),
        ),
        ("without_leaks".into(), number(|own| own.without_leaks)),
        (
            "average_precision_without_leaks".into(),
            number(|own| own.precision_without_leaks),
        ),
    ];
    if !audit.leaks.shared.is_empty() {
        columns.push(("without_shared".into(), number(|own| own.without_shared)));
    }
    if !audit.verdict.gains.is_empty() {
        let added = |of: fn(&Gain) -> f64| {
            let one = |own: &Baseline| {
                let gains = &audit.verdict.gains;
                let gain = gains.iter().find(|gain| gain.over == own.name);
                gain.map_or(f64::NAN, of)
            };
            Cells::Number(baselines.iter().map(one).collect())
        };
        columns.push(("network_adds".into(), added(|own| own.difference)));
        columns.push(("low".into(), added(|own| own.interval.0)));
        columns.push(("high".into(), added(|own| own.interval.1)));
    }
    columns.push(("text".into(), text(|own| &own.text)));
    Tabled::of(columns).map(IntoValue::into_value)
}

fn leaks_map(audit: &Audit) -> Map {
    let leaks = &audit.leaks;
    let count = |n: usize| Dynamic::from(n as i64);
    let maybe = |n: Option<usize>| n.map_or(Dynamic::UNIT, count);
    let example = |own: &audit::LeakExample| {
        Map::from([
            ("train".into(), own.train.clone().into()),
            ("test".into(), own.test.clone().into()),
            ("identity".into(), own.identity.into()),
            ("overlap".into(), count(own.overlap)),
            ("is_reverse".into(), own.is_reverse.into()),
        ])
    };
    let shared = leaks.shared.iter().map(|own| {
        let map = Map::from([
            ("values".into(), array(own.values.clone()).into()),
            ("rows".into(), count(own.rows)),
        ]);
        (own.name.as_str().into(), map.into())
    });
    let examples = leaks.examples.iter().map(|own| Dynamic::from(example(own)));
    let rows = (0..leaks.rows).filter(|row| leaks.is_leaking[*row]);
    Map::from([
        ("rows".into(), count(leaks.rows)),
        ("count".into(), count(leaks.count())),
        ("share".into(), leaks.share().into()),
        ("duplicates".into(), count(leaks.duplicates)),
        (
            "reverse_complements".into(),
            maybe(leaks.reverse_complements),
        ),
        ("same_interval".into(), maybe(leaks.same_interval)),
        ("overlapping".into(), maybe(leaks.overlapping)),
        ("similar".into(), maybe(leaks.similar)),
        ("entities".into(), shared.collect::<Map>().into()),
        ("examples".into(), examples.collect::<rhai::Array>().into()),
        (
            "leaking".into(),
            rows.map(count).collect::<rhai::Array>().into(),
        ),
    ])
}

fn shuffles_map(own: ShuffledNegatives) -> Dynamic {
    Map::from([
        ("k".into(), (own.k as i64).into()),
        ("rows".into(), (own.rows as i64).into()),
        ("share".into(), own.share.into()),
    ])
    .into()
}

fn replicates_map(own: Replicates) -> Dynamic {
    Map::from([
        ("replicates".into(), (own.replicates as i64).into()),
        ("rows".into(), (own.rows as i64).into()),
        ("disagreement".into(), own.disagreement.into()),
        ("error".into(), own.error.into()),
        ("accuracy".into(), own.accuracy.into()),
        ("auroc".into(), own.auroc.into()),
        ("between".into(), own.between.into()),
        ("correlation".into(), own.correlation.into()),
        ("largest_correlation".into(), own.one.into()),
        ("largest_correlation_of_mean".into(), own.mean.into()),
        (
            "assumptions".into(),
            "errors of replicates are independent, and as frequent in positives as in negatives"
                .into(),
        ),
    ])
    .into()
}

fn labels_map(audit: &Audit) -> Map {
    let labels = &audit.labels;
    let count = |n: usize| Dynamic::from(n as i64);
    let point = |own: &audit::LearningPoint| {
        let map = Map::from([
            ("rows".into(), count(own.rows)),
            ("auroc".into(), own.auroc.into()),
        ]);
        Dynamic::from(map)
    };
    let more = audit.extrapolation.map_or(Dynamic::UNIT, |own| {
        Map::from([
            ("exponent".into(), own.exponent.into()),
            ("twice".into(), own.twice.into()),
            ("tenfold".into(), own.tenfold.into()),
        ])
        .into()
    });
    Map::from([
        ("positives".into(), count(labels.positives)),
        ("negatives".into(), count(labels.negatives)),
        ("undefined".into(), count(labels.undefined)),
        ("duplicates".into(), count(labels.duplicates)),
        ("contradictions".into(), count(labels.contradictions)),
        ("ceiling".into(), labels.ceiling.into()),
        (
            "learning".into(),
            audit
                .learning
                .iter()
                .map(point)
                .collect::<rhai::Array>()
                .into(),
        ),
        ("more_rows".into(), more),
        (
            "shuffles".into(),
            audit.shuffled.map_or(Dynamic::UNIT, shuffles_map),
        ),
        (
            "replicates".into(),
            audit.replicates.map_or(Dynamic::UNIT, replicates_map),
        ),
    ])
}

/// What an audit found, as scripts hold it.
pub fn report(audit: &Audit) -> Result<Map> {
    let gain = audit.verdict.gain.as_ref().map_or(Dynamic::UNIT, |own| {
        Map::from([
            ("over".into(), own.over.clone().into()),
            ("difference".into(), own.difference.into()),
            ("low".into(), own.interval.0.into()),
            ("high".into(), own.interval.1.into()),
            ("p".into(), own.p_value.into()),
        ])
        .into()
    });
    Ok(Map::from([
        ("kind".into(), "audit".into()),
        ("leaks".into(), leaks_map(audit).into()),
        ("baselines".into(), table(audit)?),
        ("labels".into(), labels_map(audit).into()),
        ("gain".into(), gain),
        ("is_fair".into(), audit.verdict.is_fair.into()),
        ("verdict".into(), audit.verdict.text.clone().into()),
        ("notes".into(), array(audit.notes.clone()).into()),
    ]))
}
