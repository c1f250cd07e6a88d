//! Requests about sequences.

use super::answer::{Answer, Cell, Form};
use super::inputs::Row;
use super::limits::{BASES, SEQUENCES};
use super::refusal::{Refusal, aside};
use super::worker::Queue;
use crate::base::{Interval, shape};
use crate::seq::contigs::cut_out;
use crate::seq::{Genome, fasta};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// What is known of the model and its data.
pub struct Sequences {
    /// The length of sequences.
    pub length: usize,
    /// The names of outputs.
    pub outputs: Vec<String>,
    /// The genome that regions are read from.
    pub genome: Option<Genome>,
    /// What the API reports of the model.
    pub about: Json,
}

/// Sequences as FASTA, or as regions of the genome.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequencesRequest {
    /// Records.
    pub fasta: Option<String>,
    /// Regions of the genome.
    pub regions: Option<Vec<String>>,
}

/// A sequence with its name.
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its codes.
    pub codes: Vec<u8>,
}

impl Sequences {
    /// The sequences of a FASTA text; a text without a header is one sequence.
    fn of_fasta(&self, text: &str) -> std::result::Result<Vec<Named>, Refusal> {
        let headed = match text.contains('>') {
            true => text.to_string(),
            false => format!(">sequence\n{text}"),
        };
        let records = fasta::parse(&headed, "FASTA")?;
        if records.names.len() > SEQUENCES {
            let n = records.names.len();
            return Err(Refusal::too_large(format!(
                "the request has {n} sequences, at most {SEQUENCES} are predicted at once"
            )));
        }
        let wrong = (0..records.names.len()).find(|i| records.sequence(*i).len() != self.length);
        if let Some(i) = wrong {
            let (name, n) = (&records.names[i], records.sequence(i).len());
            return Err(Refusal::unusable(format!(
                "sequence `{name}` has {n} bp, the network takes {}",
                self.length
            )));
        }
        let named = |(i, name): (usize, &String)| Named {
            name: name.clone(),
            codes: records.sequence(i).to_vec(),
        };
        Ok(records.names.iter().enumerate().map(named).collect())
    }

    /// The sequence of a region.
    fn of_region(&self, text: &str) -> std::result::Result<Named, Refusal> {
        let shown: String = text.chars().take(60).collect();
        let Some(genome) = &self.genome else {
            return Err(
                Refusal::unusable("the server has no genome to read regions from")
                    .with("hint", "`cistron serve` takes one by --genome FILE"),
            );
        };
        let Some((chrom, (start, end))) = cut_out(text.trim()) else {
            return Err(Refusal::bad(format!("`{shown}` is no region")).with(
                "hint",
                "regions are chr1:1000-1500, 0-based, the end excluded",
            ));
        };
        let interval = Interval::new(genome.chrom(chrom)?, start, end);
        if end.saturating_sub(start) != self.length as i64 {
            let from = start.midpoint(end).saturating_sub(self.length as i64 / 2);
            let to = from.saturating_add(self.length as i64);
            let n = end.saturating_sub(start);
            return Err(Refusal::unusable(format!(
                "region `{shown}` has {n} bp, the network takes {}",
                self.length
            ))
            .with(
                "hint",
                format!("the window around its middle is {chrom}:{from}-{to}"),
            ));
        }
        let codes = genome.fetch(&interval)?;
        Ok(Named { name: shown, codes })
    }

    /// The sequences of a request.
    pub fn named(&self, request: SequencesRequest) -> std::result::Result<Vec<Named>, Refusal> {
        let named = match (request.fasta, request.regions) {
            (Some(text), None) => self.of_fasta(&text)?,
            (None, Some(regions)) if regions.len() > SEQUENCES => {
                return Err(Refusal::too_large(format!(
                    "the request has {} regions, at most {SEQUENCES} are predicted at once",
                    regions.len()
                )));
            }
            (None, Some(regions)) if !regions.is_empty() => {
                let regions = regions.iter().map(|text| self.of_region(text));
                regions.collect::<std::result::Result<Vec<_>, _>>()?
            }
            _ => {
                return Err(Refusal::bad("expected either `fasta` or `regions`").with(
                    "hint",
                    r#"{"fasta": ">name\nACGT"} or {"regions": ["chr1:0-100"]}"#,
                ));
            }
        };
        if named.len() * self.length > BASES {
            return Err(Refusal::too_large(format!(
                "the request has {} bases, at most {BASES} are predicted at once",
                named.len() * self.length
            )));
        }
        Ok(named)
    }

    /// Answers a request for predictions.
    pub async fn predict(
        self: &Arc<Self>,
        queue: &Queue,
        request: SequencesRequest,
        form: Form,
    ) -> std::result::Result<Answer, Refusal> {
        let own = self.clone();
        let named = aside("the request could not be read", move || own.named(request)).await??;
        let rows = named
            .iter()
            .map(|one| Row::Sequence(one.codes.clone()))
            .collect();
        let values = queue.predict(rows).await?;
        let predicted = named.iter().zip(values.chunks(self.outputs.len().max(1)));
        if form == Form::Csv {
            let outputs = self.outputs.iter().map(String::as_str);
            let header: Vec<&str> = ["name"].into_iter().chain(outputs).collect();
            let cells = |(one, values): (&Named, &[f64])| {
                let name = Cell::Text(one.name.clone());
                [name]
                    .into_iter()
                    .chain(values.iter().copied().map(Cell::Number))
                    .collect()
            };
            return Ok(Answer::csv(&header, predicted.map(cells)));
        }
        let row = |(one, values): (&Named, &[f64])| {
            let unknown = one.codes.iter().filter(|code| **code > 3).count();
            json!({ "name": one.name, "values": values, "unknown_bases": unknown })
        };
        Ok(Answer::json(&json!({
            "outputs": self.outputs,
            "sequences": predicted.map(row).collect::<Vec<_>>(),
        })))
    }
}

/// What the API reports of the data.
pub fn about(length: usize, outputs: &[String], genome: Option<&Genome>) -> Json {
    json!({
        "length": length,
        "outputs": outputs,
        "genome": genome.map(|genome| genome.path.file_name().map(|name| name.to_string_lossy())),
        "limits": super::limits::listed(),
        "input": shape::text(&[4, length as i64]),
    })
}
