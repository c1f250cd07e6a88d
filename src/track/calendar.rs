//! Times as text.

use std::time::{SystemTime, UNIX_EPOCH};

/// Year, month, day, hour, minute, second of a time, UTC.
fn parts(time: SystemTime) -> (i64, u32, u32, u64, u64, u64) {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    // civil-from-days, in eras of 400 years that start in March
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month + 2) / 5 + 1) as u32;
    let month = if month < 10 { month + 3 } else { month - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day, rest / 3600, rest % 3600 / 60, rest % 60)
}

/// A time as `20260131-095959`, UTC.
pub fn stamp(time: SystemTime) -> String {
    let (y, mo, d, h, mi, s) = parts(time);
    format!("{y:04}{mo:02}{d:02}-{h:02}{mi:02}{s:02}")
}

/// A time as `2026-01-31T09:59:59Z`.
pub fn iso(time: SystemTime) -> String {
    let (y, mo, d, h, mi, s) = parts(time);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        let at = |s: u64| parts(UNIX_EPOCH + std::time::Duration::from_secs(s));
        assert_eq!(at(0), (1970, 1, 1, 0, 0, 0));
        assert_eq!(at(951_782_400 + 3661), (2000, 2, 29, 1, 1, 1));
        assert_eq!(at(1_735_689_599), (2024, 12, 31, 23, 59, 59));
    }
}
