//! Tokenizer files, `tokenizer.json` of Hugging Face's library, with a model of byte pairs.

use super::bpe::Bpe;
use super::{Model, Piece, Tokenizer, Words};
use cistron_base::{Fault, Result, bail, fault};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

impl Tokenizer {
    /// Reads a file. What it declares and this reader does not know is an error that names it.
    pub fn open(path: &Path) -> Result<Tokenizer> {
        cistron_base::file::regular(path)?;
        let text = std::fs::read_to_string(path).map_err(|error| Fault::file(path, &error))?;
        let shown = path.display();
        let file: Value = serde_json::from_str(&text)
            .map_err(|error| fault!("file", "`{shown}` is no JSON: {error}"))?;
        Tokenizer::read(&file).map_err(|fault| fault.context(format!("`{shown}`")))
    }

    /// Reads the value of a file.
    fn read(file: &Value) -> Result<Tokenizer> {
        let model = &file["model"];
        let kind = model["type"].as_str().unwrap_or("BPE");
        if kind != "BPE" || !model.is_object() {
            bail!(
                "data",
                "the tokenizer's model is `{kind}`; models of byte pairs (BPE) are read"
            );
        }
        let bpe = Bpe::read(model)?;
        let mut words = Vec::new();
        words_of(&file["pre_tokenizer"], &mut words)?;
        let mut names: HashMap<u32, String> = HashMap::new();
        names.extend(
            bpe.vocabulary
                .iter()
                .map(|(token, id)| (*id, token.clone())),
        );
        let mut added = Vec::new();
        for token in file["added_tokens"].as_array().into_iter().flatten() {
            let (content, id) = (token["content"].as_str(), token["id"].as_u64());
            let Some((content, id)) = content.zip(id.and_then(|id| u32::try_from(id).ok())) else {
                bail!("data", "an added token has no content or no number")
            };
            if token["single_word"].as_bool() == Some(true) {
                bail!(
                    "data",
                    "added token `{content}` is a `single_word`, which is not read"
                );
            }
            names.insert(id, content.to_string());
            added.push((content.to_string(), id));
        }
        let padding = &file["padding"]["pad_id"];
        Ok(Tokenizer {
            is_lower_case: is_lower_case(&file["normalizer"])?,
            words,
            added: added
                .into_iter()
                .filter(|(token, _)| !token.is_empty())
                .collect(),
            template: template(&file["post_processor"])?,
            most: file["truncation"]["max_length"]
                .as_u64()
                .map(|most| most as usize),
            padding: padding.as_u64().and_then(|id| u32::try_from(id).ok()),
            names,
            model: Model::Bpe(bpe),
        })
    }
}

/// Whether texts become lower-case. Unicode's normal forms do not change letters of sequences.
fn is_lower_case(normalizer: &Value) -> Result<bool> {
    match normalizer["type"].as_str() {
        None | Some("NFC" | "NFD" | "NFKC" | "NFKD") => Ok(false),
        Some("Lowercase") => Ok(true),
        Some("Sequence") => {
            let parts = normalizer["normalizers"].as_array().into_iter().flatten();
            parts
                .map(is_lower_case)
                .try_fold(false, |any, own| Ok(any | own?))
        }
        Some(other) => bail!("data", "the normalizer `{other}` is not read"),
    }
}

/// How texts are divided into words, step by step.
fn words_of(rule: &Value, out: &mut Vec<Words>) -> Result<()> {
    match rule["type"].as_str() {
        None => {}
        Some("Whitespace") => out.push(Words::Whitespace),
        Some("WhitespaceSplit") => out.push(Words::WhitespaceSplit),
        Some("Sequence") => {
            let parts = rule["pretokenizers"].as_array().into_iter().flatten();
            for part in parts {
                words_of(part, out)?;
            }
        }
        Some(other) => bail!("data", "the pre-tokenizer `{other}` is not read";
            hint: "`Whitespace` and `WhitespaceSplit` are"),
    }
    Ok(())
}

/// The special tokens around a sequence.
fn template(rule: &Value) -> Result<Vec<Piece>> {
    let number = |id: &Value| {
        let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
        id.ok_or_else(|| fault!("data", "a special token has no number"))
    };
    match rule["type"].as_str() {
        None | Some("ByteLevel") => Ok(vec![Piece::Sequence]),
        Some("BertProcessing" | "RobertaProcessing") => Ok(vec![
            Piece::Special(vec![number(&rule["cls"][1])?]),
            Piece::Sequence,
            Piece::Special(vec![number(&rule["sep"][1])?]),
        ]),
        Some("TemplateProcessing") => {
            let piece = |piece: &Value| {
                if piece["Sequence"].is_object() {
                    return Ok(Piece::Sequence);
                }
                let name = piece["SpecialToken"]["id"].as_str().unwrap_or_default();
                let ids = rule["special_tokens"][name]["ids"].as_array();
                let Some(ids) = ids else {
                    bail!(
                        "data",
                        "special token `{name}` of the template has no number"
                    )
                };
                Ok(Piece::Special(
                    ids.iter().map(number).collect::<Result<_>>()?,
                ))
            };
            let single = rule["single"].as_array().into_iter().flatten();
            single.map(piece).collect()
        }
        Some("Sequence") => {
            // the steps are its only array
            let steps = rule.as_object().into_iter().flatten();
            let parts = steps.filter_map(|(_, value)| value.as_array()).flatten();
            let known = parts.map(template).collect::<Result<Vec<_>>>()?;
            let with_tokens = known.iter().find(|own| own.len() > 1);
            Ok(with_tokens.cloned().unwrap_or(vec![Piece::Sequence]))
        }
        Some(other) => bail!("data", "the post-processor `{other}` is not read"),
    }
}
