//! UTC instants as nanoseconds since 1970, written and read as ISO 8601. The proleptic Gregorian calendar, no leap seconds.

const DAY: i64 = 86_400_000_000_000;

/// `2024-05-01T12:00:00.25Z`: as many decimals as are needed.
pub fn format_utc(ns: i64) -> String {
    let (days, in_day) = (ns.div_euclid(DAY), ns.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let (seconds, fraction) = (in_day / 1_000_000_000, in_day % 1_000_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let decimals = if fraction == 0 {
        String::new()
    } else {
        format!(".{fraction:09}").trim_end_matches('0').to_string()
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{decimals}Z")
}

/// Reads a date, or a date and time with an optional fraction and an offset `Z`, `+02:00` or none (UTC).
pub fn parse_utc(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let mut parts = date.splitn(3, '-').map(|p| p.parse::<i64>());
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if !(1678..=2261).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || civil(days(year, month, day)) != (year, month, day)
    {
        return None;
    }
    let (clock, offset) = match clock.find(['Z', '+', '-']) {
        Some(at) => (&clock[..at], offset_seconds(&clock[at..])?),
        None => (clock, 0),
    };
    let mut parts = clock.splitn(3, ':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, decimals) = seconds.split_once('.').unwrap_or((seconds, "0"));
            if decimals.is_empty() || !decimals.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let nine: String = decimals.chars().chain(std::iter::repeat('0')).take(9).collect();
            (whole.parse().ok()?, nine.parse().ok()?)
        }
    };
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0i64..60).contains(&second) {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// The instant of a year, a day in it (1 January is day 1) and a time of that day with its fraction in nanoseconds, as
/// seismic headers write it. Second 60, a leap second, is the first of the next minute.
pub fn ordinal_utc(year: i64, day: i64, hour: i64, minute: i64, second: i64, fraction: i64) -> Option<i64> {
    if !(1678..=2261).contains(&year)
        || !(1..=days(year + 1, 1, 1) - days(year, 1, 1)).contains(&day)
        || !(0..24).contains(&hour)
        || !(0..60).contains(&minute)
        || !(0..=60).contains(&second)
        || !(0..1_000_000_000).contains(&fraction)
    {
        return None;
    }
    let seconds = (days(year, 1, 1) + day - 1) * 86_400 + hour * 3600 + minute * 60 + second;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

fn offset_seconds(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    if text.starts_with('Z') || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let minutes: i64 = match digits.len() {
        2 => digits.parse::<i64>().ok()? * 60,
        4 => digits[..2].parse::<i64>().ok()? * 60 + digits[2..].parse::<i64>().ok()?,
        _ => return None,
    };
    Some(sign * minutes * 60)
}

/// Days since 1970 of a civil date (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let in_era = year - era * 400;
    let in_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719_468
}

/// The inverse of [`days`].
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let in_era = shifted - era * 146_097;
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * shifted_month + 2) / 5 + 1;
    let month = shifted_month + if shifted_month < 10 { 3 } else { -9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values from Python's datetime.
    #[test]
    fn instants_are_read_and_written() {
        for (text, ns) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2023-03-28T20:01:55.653619Z", 1_680_033_715_653_619_000),
            ("2024-02-29T23:59:59.000000001Z", 1_709_251_199_000_000_001),
            ("1969-12-31T23:59:59Z", -1_000_000_000),
        ] {
            assert_eq!(parse_utc(text), Some(ns));
            assert_eq!(format_utc(ns), text);
        }
        assert_eq!(parse_utc("2024-01-01T02:00:00+02:00"), parse_utc("2024-01-01"));
        for bad in [
            "2023-02-29",
            "2023-02-9223372036854775807",
            "2023-02-01T00:00+aéb",
            "2023-02-01T00:00Z0100",
            "2024-13-01",
            "2024-01-01T25:00:00",
            "yesterday",
            "2024-01-01T00:00:00.x",
        ] {
            assert_eq!(parse_utc(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_are_counted_within_their_year() {
        let noon = |year, day| ordinal_utc(year, day, 12, 0, 0, 5);
        assert_eq!(noon(2024, 60), parse_utc("2024-02-29T12:00:00.000000005Z"));
        assert_eq!(noon(2024, 366), parse_utc("2024-12-31T12:00:00.000000005Z"));
        assert_eq!((noon(2023, 366), noon(2024, 0), noon(1500, 1)), (None, None, None));
        assert_eq!(ordinal_utc(2016, 366, 23, 59, 60, 0), parse_utc("2017-01-01"));
        assert_eq!(ordinal_utc(2016, 366, 24, 0, 0, 0), None);
    }
}
