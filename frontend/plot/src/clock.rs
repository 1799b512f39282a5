//! UTC dates and clock times from nanoseconds since 1970, without leap seconds.

/// `2022-06-04 15:27:44.800325`, with as few decimals of the second as say it exactly.
pub fn utc(ns: i64) -> String {
    format!("{} {}", date(ns), time_of_day(ns, 9).trim_end_matches('0').trim_end_matches('.'))
}

/// `2022-06-04`.
pub(crate) fn date(ns: i64) -> String {
    let (year, month, day) = civil(ns.div_euclid(86_400_000_000_000));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `15:27:44` and `decimals` of the second, cut off.
pub(crate) fn time_of_day(ns: i64, decimals: usize) -> String {
    let ns = ns.rem_euclid(86_400_000_000_000);
    let seconds = ns / 1_000_000_000;
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!("{:09}", ns % 1_000_000_000);
    match fraction.get(..decimals.min(9)) {
        Some(digits) if !digits.is_empty() => format!("{clock}.{digits}"),
        _ => clock,
    }
}

/// Year, month and day of a day counted from 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
