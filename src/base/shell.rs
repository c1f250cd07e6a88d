//! Words for a shell.

/// Characters that a shell reads as they are.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/._-=:%+,@".contains(c)
}

/// A word as a shell reads it: quoted where that is needed.
pub fn quoted(word: &str) -> String {
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// An option `--name=value` of a `#SBATCH` line, whose values are quoted by double quotes.
pub fn quoted_option(option: &str) -> String {
    let is_special = |c: char| c.is_whitespace() || "\"'\\#".contains(c);
    match option.split_once('=') {
        Some((name, value)) if value.contains(is_special) => {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            format!("{name}=\"{value}\"")
        }
        _ => option.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_or_expand_them() {
        assert_eq!(quoted("/a/b-1.txt"), "/a/b-1.txt");
        assert_eq!(quoted("$HOME x"), "'$HOME x'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted_option("--time=4:00:00"), "--time=4:00:00");
        assert_eq!(quoted_option("--chdir=/my runs"), "--chdir=\"/my runs\"");
        assert_eq!(quoted_option("--comment=a#b"), "--comment=\"a#b\"");
        assert_eq!(quoted_option("--comment=\"\\"), "--comment=\"\\\"\\\\\"");
        assert_eq!(quoted_option("--exclusive"), "--exclusive");
    }
}
