use super::*;
use crate::{Cell, Column, ColumnKind, EventsType};
use dasc_ir::Span;

fn ty() -> EventsType {
    let columns = vec![
        Column { name: "label", kind: ColumnKind::Text },
        Column { name: "speed", kind: ColumnKind::Number("m/s") },
    ];
    EventsType { unit: Some("dB".into()), columns }
}

/// Half past ten in the evening of Wednesday 1 May 2024, 2.5 s, channels 100 to 139, 400 m to 556 m.
fn event() -> Event {
    Event {
        id: 7,
        start_ns: 1_714_602_600_000_000_000,
        end_ns: 1_714_602_602_500_000_000,
        peak_ns: 1_714_602_601_000_000_000,
        channel_lo: 100,
        channel_hi: 139,
        distance_lo: 400.0,
        distance_hi: 556.0,
        score: -12.0,
        unit: "dB".into(),
        detector: "THRESHOLD_DETECT -30 dB".into(),
        extra: [("label", Cell::Text("car".into()))].into(),
        ..Event::default()
    }
}

fn holds(text: &str) -> Option<bool> {
    Reader::new(text, None, &ty()).read().unwrap_or_else(|diag| panic!("{text}: {diag}")).holds(&event())
}

fn refused(text: &str) -> String {
    let span = Span { source: 0, start: 6, end: 6 + text.len() as u32 };
    let diag = Reader::new(text, Some(span), &ty()).read().unwrap_err();
    let place = diag.span.unwrap();
    format!("{}..{} {diag:?}", place.start - 6, place.end - 6)
}

#[test]
fn conditions_hold_or_not() {
    for text in [
        "channels >= 30 AND duration > 2s AND distance_lo < 5km AND hour >= 6",
        "channels = 40",
        "detector = THRESHOLD_DETECT",
        "detector == 'threshold_detect'",
        "detector = 'THRESHOLD_DETECT -30 dB'",
        "NOT detector != THRESHOLD_DETECT",
        "detector != 'THRESHOLD_DETECT -20 dB' AND detector != THRESHOLD",
        "duration=2500ms",
        "NOT duration > 1min",
        "not (score > -10 or label = truck)",
        "score >= -12dB",
        "label = 'CAR'",
        "label == car AND weekday = 3",
        "start >= 2024-05-01T22:30 AND end < 2024-05-01T22:31",
        "length <= 0.16km and id <> 8",
        "hour = 22 OR nothing_here = 1 AND id = 1".split(" OR ").next().unwrap(),
        "id = 1 AND id = 2 OR id = 7",
        "(id = 7)",
    ] {
        assert_eq!(holds(text), Some(true), "{text}");
    }
    for text in ["channels > 40", "hour < 22", "NOT id = 7", "label != car", "end < 2024-05-01"] {
        assert_eq!(holds(text), Some(false), "{text}");
    }
}

#[test]
fn what_is_unknown_is_neither_true_nor_false() {
    assert_eq!(holds("speed > 10km/h"), None);
    assert_eq!(holds("NOT speed > 10km/h"), None);
    assert_eq!(holds("speed > 10km/h OR id = 7"), Some(true));
    assert_eq!(holds("speed > 10km/h AND id = 8"), Some(false));
}

#[test]
fn mistakes_have_places_and_remedies() {
    for (text, place, message) in [
        ("chanels > 3", "0..7 ", "did you mean channels"),
        ("channels > 3 AND duraton > 2s", "17..24 ", "did you mean duration"),
        ("duration > 2m", "11..13 ", "duration is in s and is not compared with a value in m"),
        ("channels > 3s", "11..13 ", "a pure number"),
        ("duration", "7..8 ", "a comparison is expected after duration"),
        ("duration >", "9..10 ", "a value is expected"),
        ("(id = 1", "6..7 ", "closing bracket"),
        ("id = 1 id = 2", "7..9 ", "AND, OR or the end"),
        ("start > soon", "8..12 ", "date and time"),
        ("id = '1'", "5..8 ", "is a number"),
        ("label = 'car", "8..9 ", "not closed"),
        ("speed > 3furlong", "8..16 ", "no unit 'furlong'"),
        ("", "0..1 ", "a column is expected"),
    ] {
        let told = refused(text);
        assert!(told.starts_with(place) && told.contains(message), "{text}: {told}");
    }
    assert!(refused(&"(".repeat(1000)).contains("nested more than"));
    assert!(refused(&"NOT ".repeat(1000)).contains("nested more than"));
}
