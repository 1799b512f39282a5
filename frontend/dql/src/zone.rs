//! Time zones: fixed offsets from UTC, and places by their names in the IANA database.

use dasc_ir::literal::Literal;
use dasc_ir::spelling::nearest;
use dasc_ir::time::format_utc;
use dasc_ir::{Diag, Result};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

/// What clocks show.
#[derive(Clone, Debug)]
pub enum Zone {
    /// Seconds ahead of UTC.
    Fixed(i64),
    /// By the rules of a place, summer time included.
    Place(TimeZone),
}

impl Zone {
    pub const UTC: Zone = Zone::Fixed(0);

    /// Reads `UTC`, `Z`, `+02:00`, `-0330`, `+5`, `Europe/Berlin`. The database is the one built in, so that a script means
    /// the same on every machine.
    pub fn read(zone: &Literal) -> Result<Zone> {
        let (Literal::Word(text) | Literal::Text(text)) = zone else {
            return Err(unknown(&zone.to_string()));
        };
        if ["UTC", "Z", "GMT"].iter().any(|name| name.eq_ignore_ascii_case(text)) {
            return Ok(Zone::UTC);
        }
        match text.chars().next() {
            Some('+') => offset(text, 1).map(Zone::Fixed),
            Some('-') => offset(text, -1).map(Zone::Fixed),
            _ => TimeZoneDatabase::bundled().get(text).map(Zone::Place).map_err(|_| unknown(text)),
        }
    }

    /// The instant at which clocks show `local` (nanoseconds since 1970 on the clock). Around the change to and from summer time a
    /// clock shows some times never and others twice; both are refused.
    pub fn utc(&self, local: i64) -> Result<i64> {
        let shown = || format_utc(local).trim_end_matches('Z').to_string();
        let range =
            || Diag::usage(format!("{} is out of range", shown())).help("write a year between 1678 and 2261");
        let seconds = match self {
            Zone::Fixed(seconds) => *seconds,
            Zone::Place(zone) => {
                let clock = Timestamp::from_nanosecond(local.into()).map_err(|_| range())?;
                let clock = TimeZone::UTC.to_datetime(clock);
                let name = zone.iana_name().unwrap_or("this zone");
                match zone.to_ambiguous_timestamp(clock).offset() {
                    AmbiguousOffset::Unambiguous { offset } => offset.seconds().into(),
                    AmbiguousOffset::Gap { .. } => {
                        return Err(Diag::usage(format!(
                            "clocks of {name} never showed {}: they were put forward",
                            shown()
                        ))
                        .help("write the time with its offset, such as 2024-03-31T02:30+01:00"));
                    }
                    AmbiguousOffset::Fold { before, after } => {
                        return Err(Diag::usage(format!(
                            "clocks of {name} showed {} twice: they were put back",
                            shown()
                        ))
                        .help(format!(
                            "write the time with its offset: {before} the first time, {after} the second"
                        )));
                    }
                }
            }
        };
        local.checked_sub(seconds.saturating_mul(1_000_000_000)).ok_or_else(range)
    }
}

fn offset(text: &str, sign: i64) -> Result<i64> {
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
    let diag = Diag::usage(format!("TZ takes an offset from UTC or the name of a zone, not {text}"));
    let database = TimeZoneDatabase::bundled();
    let near = nearest(text, database.available().map(|name| name.to_string()));
    match near.filter(|_| text.len() > 3) {
        Some(near) => diag.help(format!("did you mean {near}?")),
        None => diag.help("for example TZ=+02:00, TZ=Europe/Berlin or TZ=UTC"),
    }
}

#[cfg(test)]
mod tests {
    use dasc_ir::time::parse_utc;

    use super::*;

    fn read(text: &str) -> Result<Zone> {
        Zone::read(&Literal::Word(text.into()))
    }

    #[test]
    fn offsets_are_read() {
        let read = |text: &str| match read(text) {
            Ok(Zone::Fixed(seconds)) => Some(seconds),
            _ => None,
        };
        assert_eq!(read("utc"), Some(0));
        assert_eq!(read("+02:00"), Some(7200));
        assert_eq!(read("-0330"), Some(-12_600));
        assert_eq!(read("+5"), Some(18_000));
        for bad in ["Europe/Berlin", "+25:00", "+02:60", "+", "2", "+2:", "+é"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    /// `tests/zones.txt` is what Python's zoneinfo says (`tests/zones.py`).
    #[test]
    fn clocks_are_pythons() {
        for line in include_str!("../tests/zones.txt").lines() {
            let [place, local, expected] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let found = read(place).unwrap().utc(parse_utc(local).unwrap());
            match (expected, found) {
                ("never", Err(diag)) => assert!(diag.to_string().contains("never showed"), "{line}: {diag}"),
                ("twice", Err(diag)) => assert!(diag.to_string().contains("twice"), "{line}: {diag}"),
                (utc, found) => assert_eq!(found.ok(), parse_utc(utc), "{line}"),
            }
        }
    }

    #[test]
    fn clocks_that_jump_are_told_of() {
        let berlin = read("Europe/Berlin").unwrap();
        let gap = berlin.utc(parse_utc("2024-03-31T02:30").unwrap()).unwrap_err().to_string();
        assert!(gap.contains("never showed 2024-03-31T02:30:00"), "{gap}");
        let fold = berlin.utc(parse_utc("2024-10-27T02:30").unwrap()).unwrap_err().to_string();
        assert!(fold.contains("twice") && fold.contains("+02") && fold.contains("+01"), "{fold}");
        assert!(read("Europe/Berln").unwrap_err().to_string().contains("Europe/Berlin"));
        assert!(read("Nowhere/Land").is_err());
    }
}
