//! A page of what was found: the funnel, logos, matches with known motifs. It asks for nothing
//! outside itself.

use super::save::{motifs, trimmed};
use super::{Discovery, Metacluster, Pattern};
use cistron_base::Result;
use cistron_base::html::escaped;
use cistron_genome::seq::Motif;
use cistron_genome::seq::motif::tomtom::{self, ComparisonOptions, Distance};
use cistron_plot::{self as plot, Letters, Scaling};

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;\
color:#1b1b1b;background:#fff}\
table{border-collapse:collapse;margin:.5rem 0}\
td,th{padding:.15rem .8rem .15rem 0;text-align:left}\
td.number{text-align:right;font-variant-numeric:tabular-nums}\
section{border-top:1px solid #ccc;margin-top:1.5rem}\
figure{margin:.5rem 0;overflow-x:auto}figcaption{color:#555}\
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#16181c}\
figure{background:#fff}figcaption{color:#aaa}section{border-color:#444}}";

/// How many were left after each step, in a line.
pub fn funnel_line(found: &Discovery) -> String {
    let of = |steps: &[(&str, usize)]| {
        steps
            .iter()
            .map(|(step, n)| format!("{n} {step}"))
            .collect::<Vec<_>>()
    };
    let sign = |name: &str, cluster: &Metacluster| {
        cluster
            .funnel
            .first()
            .map(|(step, n)| format!("{n} {name} {step}"))
    };
    let mut all = of(&found.funnel);
    all.extend(sign("positive", &found.positive));
    all.extend(sign("negative", &found.negative));
    all.join(", ")
}

fn steps(title: &str, steps: &[(&'static str, usize)]) -> String {
    let row = |(step, n): &(&str, usize)| {
        format!(
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{n}</td></tr>",
            escaped(step)
        )
    };
    let rows: String = steps.iter().map(row).collect();
    if rows.is_empty() {
        String::new()
    } else {
        format!("<h3>{title}</h3><table>{rows}</table>")
    }
}

fn logo(rows: Vec<[f64; 4]>, scaling: Scaling, caption: &str) -> Result<String> {
    let letters = Letters {
        name: String::new(),
        heights: rows,
        scaling,
        first: 0,
        ends: None,
        room: 1,
    };
    let drawn = plot::logos("", vec![letters]).to_svg()?;
    Ok(format!(
        "<figure>{drawn}<figcaption>{}</figcaption></figure>",
        escaped(caption)
    ))
}

fn pattern(
    name: &str,
    own: &Pattern,
    motif: &Motif,
    parts: &[Pattern],
    matches: &[(String, f64, char)],
    share: f64,
) -> Result<String> {
    let (from, to) = trimmed(own, share);
    let mut out = format!(
        "<section id=\"{name}\"><h2>{name}</h2><p>{} seqlets, {} places, {}</p>",
        own.seqlets.len(),
        own.len(),
        escaped(&motif.consensus())
    );
    out += &logo(
        own.contributions()[from..to].to_vec(),
        Scaling::Contribution,
        &format!("mean contributions, places {} to {to}", from + 1),
    )?;
    out += &logo(
        own.hypothetical()[from..to].to_vec(),
        Scaling::Contribution,
        "mean hypothetical contributions",
    )?;
    out += &logo(
        Letters::of_motif(motif, Scaling::Information).heights,
        Scaling::Information,
        "shares of bases",
    )?;
    if !matches.is_empty() {
        let row = |(target, q, strand): &(String, f64, char)| {
            format!(
                "<tr><td>{}</td><td class=\"number\">{q:.2e}</td><td>{strand}</td></tr>",
                escaped(target)
            )
        };
        let rows: String = matches.iter().map(row).collect();
        out += &format!(
            "<table><tr><th>known motif</th><th>q-value</th><th>strand</th></tr>{rows}</table>"
        );
    }
    if parts.len() > 1 {
        let sizes = parts
            .iter()
            .map(|part| part.seqlets.len().to_string())
            .collect::<Vec<_>>()
            .join(", ");
        out += &format!("<p>{} parts, of {sizes} seqlets</p>", parts.len());
    }
    Ok(out + "</section>")
}

/// The page.
pub fn page(found: &Discovery, known: Option<&[Motif]>, most: usize, share: f64) -> Result<String> {
    let motifs = motifs(found, share);
    let hits = match known {
        Some(known) if !motifs.is_empty() && !known.is_empty() => {
            let plan = ComparisonOptions::complete(Distance::named("pearson"));
            tomtom::tomtom(&motifs, known, &plan)?
        }
        _ => Vec::new(),
    };
    let matches = |query: usize| {
        let mut own: Vec<_> = hits
            .iter()
            .filter(|hit| hit.query == query && hit.q_value <= 0.5)
            .collect();
        own.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
        let name = |target: usize| {
            known.map_or(String::new(), |known| {
                [known[target].name.as_str(), known[target].alt.as_str()]
                    .join(" ")
                    .trim()
                    .to_string()
            })
        };
        own.into_iter()
            .take(most)
            .map(|hit| {
                (
                    name(hit.target),
                    hit.q_value,
                    if hit.reverse { '-' } else { '+' },
                )
            })
            .collect::<Vec<_>>()
    };
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Motifs in contributions</title><style>{STYLE}</style></head><body>\
         <h1>Motifs in contributions</h1>"
    );
    let (low, high) = found.thresholds;
    if low.is_finite() {
        out += &format!("<p>A window counts below {low:.3e} and above {high:.3e}.</p>");
    }
    out += &steps("What each step has left", &found.funnel);
    out += &steps("Positive seqlets", &found.positive.funnel);
    out += &steps("Negative seqlets", &found.negative.funnel);
    let mut number = 0;
    for (name, cluster) in [("positive", &found.positive), ("negative", &found.negative)] {
        for (i, (own, parts)) in cluster.patterns.iter().zip(&cluster.parts).enumerate() {
            out += &pattern(
                &format!("{name}_{i}"),
                own,
                &motifs[number],
                parts,
                &matches(number),
                share,
            )?;
            number += 1;
        }
    }
    Ok(out + "</body></html>")
}
