//! Time zones as fixed offsets from UTC.

use dasc_ir::literal::Literal;
use dasc_ir::{Diag, Result};

/// What clocks are ahead of UTC, in seconds: `UTC`, `Z`, `+02:00`, `-0330`, `+5`.
pub fn offset(zone: &Literal) -> Result<i64> {
    let (Literal::Word(text) | Literal::Text(text)) = zone else {
        return Err(unknown(&zone.to_string()));
    };
    if ["UTC", "Z", "GMT"].iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return Ok(0);
    }
    let sign = match text.chars().next() {
        Some('+') => 1,
        Some('-') => -1,
        _ => return Err(unknown(text)),
    };
    let digits = text.get(1..).unwrap_or("");
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None => digits.split_at_checked(2).unwrap_or((digits, "")),
    };
    let minutes = if minutes.is_empty() && !digits.contains(':') { "00" } else { minutes };
    let number = |text: &str, limit: i64| {
        let plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i64>().ok().filter(|value| plain && *value <= limit)
    };
    match (number(hours, 14), number(minutes, 59)) {
        (Some(hours), Some(minutes)) => Ok(sign * (hours * 3600 + minutes * 60)),
        _ => Err(unknown(text)),
    }
}

fn unknown(text: &str) -> Diag {
    Diag::usage(format!("TZ takes an offset from UTC, not {text}")).help("for example TZ=+02:00, or TZ=UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read() {
        let read = |text: &str| offset(&Literal::Word(text.into())).ok();
        assert_eq!(read("utc"), Some(0));
        assert_eq!(read("+02:00"), Some(7200));
        assert_eq!(read("-0330"), Some(-12_600));
        assert_eq!(read("+5"), Some(18_000));
        for bad in ["Europe/Berlin", "+25:00", "+02:60", "+", "2", "+2:", "+é"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
