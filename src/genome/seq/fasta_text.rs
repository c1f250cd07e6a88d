//! Sequences as the text of a FASTA file.

use super::alphabet;
use cistron_base::Result;
use cistron_base::delimited::one_line;

/// The text of named sequences; `line` letters a line, 0 for one line each.
///
/// # Errors
/// Letters that are no bases.
pub fn fasta_text(sequences: &[(String, String)], line: usize) -> Result<String> {
    let mut out = String::new();
    for (name, text) in sequences {
        alphabet::codes(text).map_err(|fault| fault.context(format!("`{name}`")))?;
        out += &format!(">{}\n", one_line(name));
        let line = if line == 0 { text.len().max(1) } else { line };
        // every byte is a letter: `codes` refuses all but bases
        for letters in text.as_bytes().chunks(line) {
            out += &String::from_utf8_lossy(letters);
            out.push('\n');
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_kept_and_lines_are_broken() {
        let sequences = [("a".into(), "ACgTN".into()), ("b\nc".into(), String::new())];
        assert_eq!(
            fasta_text(&sequences, 2).ok().as_deref(),
            Some(">a\nAC\ngT\nN\n>b c\n")
        );
        assert_eq!(
            fasta_text(&sequences[..1], 0).ok().as_deref(),
            Some(">a\nACgTN\n")
        );
        assert!(fasta_text(&[("a".into(), "A!".into())], 0).is_err());
    }
}
