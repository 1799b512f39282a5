//! Operators on events against brute force in Python (`reference/events.py`), and however their input is cut.

use std::path::Path;

use dasc_events::ops::{Context, find};
use dasc_events::{Event, EventsType, Stage};
use dasc_ir::literal::{Arg, Literal};
use dasc_ir::model::NoModels;
use dasc_ir::{Span, Unit};
use proptest::prelude::*;
use serde_json::Value;

/// When the events of the reference begin.
const T0: i64 = 1_714_546_800_000_000_000;

fn literal(word: &str) -> Literal {
    if let Some((from, to)) = word.split_once("..") {
        let unit = Unit::parse(to.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
        let end = |text: &str| match literal(text) {
            Literal::Number(x) => Literal::Quantity(x, unit.clone().unwrap()),
            other => other,
        };
        let end = |text: &str| (!text.is_empty()).then(|| Box::new(end(text)));
        return Literal::Range { from: end(from), to: end(to), step: None };
    }
    let at = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
    let (number, unit) = word.split_at(at);
    match number.parse() {
        Ok(number) if unit.is_empty() => Literal::Number(number),
        Ok(number) => Literal::Quantity(number, Unit::parse(unit).unwrap()),
        Err(_) => Literal::Word(word.to_string()),
    }
}

/// A stage for `KEYWORD value KEY=value`; all of it is one text behind WHERE.
fn stage(step: &str) -> Stage {
    let (keyword, rest) = step.split_once(' ').unwrap();
    let span = Span::default();
    let args: Vec<Arg> = match keyword {
        "WHERE" => vec![Arg { key: None, value: Literal::Text(rest.into()), span }],
        _ => rest
            .split(' ')
            .map(|word| match word.split_once('=') {
                Some((key, value)) => Arg { key: Some((key.into(), span)), value: literal(value), span },
                None => Arg { key: None, value: literal(word), span },
            })
            .collect(),
    };
    let input = EventsType { unit: Some(String::new()), columns: Vec::new() };
    let context = Context { input: &input, folder: Path::new("."), models: &NoModels };
    let bound = (find(keyword).unwrap().bind)(&args, span, &context);
    Stage::new(bound.unwrap_or_else(|diag| panic!("{step}: {diag}")).start())
}

fn events(list: &Value) -> Vec<Event> {
    let event = |(id, e): (usize, &Value)| Event {
        id: id as u64 + 1,
        start_ns: e["start_ns"].as_i64().unwrap(),
        end_ns: e["end_ns"].as_i64().unwrap(),
        peak_ns: e["peak_ns"].as_i64().unwrap(),
        channel_lo: e["channel_lo"].as_i64().unwrap(),
        channel_hi: e["channel_hi"].as_i64().unwrap(),
        distance_lo: e["distance_lo"].as_f64().unwrap(),
        distance_hi: e["distance_hi"].as_f64().unwrap(),
        score: e["score"].as_f64().unwrap(),
        ..Event::default()
    };
    list.as_array().unwrap().iter().enumerate().map(event).collect()
}

fn at_once(step: &str, events: Vec<Event>) -> Vec<Event> {
    let mut stage = stage(step);
    let mut out = stage.push(events, i64::MAX).events;
    out.extend(stage.finish());
    out
}

/// Batches that end after some events each, with the watermark at the next event less some; the stage is saved and gone on
/// from a copy in between.
fn in_batches(step: &str, events: &[Event], sizes: &[usize], behind: i64) -> Vec<Event> {
    let (mut stage, mut out, mut at, mut last) = (stage(step), Vec::new(), 0, i64::MIN);
    for size in sizes.iter().cycle().take(4 * events.len() + 4) {
        let end = (at + size).min(events.len());
        let watermark = events.get(end).map_or(i64::MAX / 2, |e| e.start_ns - behind);
        let given = events[at..end].to_vec();
        // What begins before the last watermark would break the promise that was given with it.
        let ready =
            stage.push(given, watermark.max(last.min(events.get(end).map_or(i64::MAX, |e| e.start_ns))));
        assert!(ready.events.iter().all(|e| e.start_ns >= last), "{step}: an event before the watermark");
        last = last.max(ready.watermark);
        out.extend(ready.events);
        stage = stage.saved();
        at = end;
    }
    assert_eq!(at, events.len());
    out.extend(stage.finish());
    out
}

fn reference() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/events.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn chains_are_the_connected_components_of_all_pairs() {
    let mut found = 0;
    let reference = reference();
    let cases = reference["cases"].as_array().unwrap();
    let steps = |case: &'_ Value| case["steps"].as_array().unwrap().clone();
    for (case, one) in cases.iter().flat_map(|case| steps(case).into_iter().map(move |one| (case, one))) {
        let step = one["step"].as_str().unwrap();
        let made = at_once(step, events(&case["events"]));
        let expected = one["expected"].as_array().unwrap();
        assert_eq!(made.len(), expected.len(), "{step}");
        for (event, other) in made.iter().zip(expected) {
            for (ours, theirs) in [
                (event.start_ns, "start_ns"),
                (event.end_ns, "end_ns"),
                (event.peak_ns, "peak_ns"),
                (event.channel_lo, "channel_lo"),
                (event.channel_hi, "channel_hi"),
            ] {
                assert_eq!(Some(ours), other[theirs].as_i64(), "{step}: {theirs} of {event:?}");
            }
            assert_eq!(Some(event.score), other["score"].as_f64(), "{step}");
            if let Some(count) = event.number("count") {
                assert_eq!(Some(count), other["count"].as_f64(), "{step}");
            }
        }
        assert!(made.iter().map(|e| e.id).eq(1..=made.len() as u64));
        found += made.len();
    }
    assert!(found > 100, "{found}");
}

/// False points may fall on a track, so the speed is within 2 % of that of the true points, its line within half a channel
/// of theirs, and all but a few are found.
#[test]
fn vehicles_are_followed_with_their_speed() {
    for case in reference()["tracks"].as_array().unwrap() {
        let made = at_once(case["step"].as_str().unwrap(), events(&case["events"]));
        let expected = case["expected"].as_array().unwrap();
        let line = |e: &Event| {
            let (speed, (at, place)) = (e.number("speed").unwrap(), e.passes.unwrap());
            (speed, e.number("count").unwrap(), place + speed * ((10_000_000_000 + T0 - at) as f64 / 1e9))
        };
        let mut speeds: Vec<(f64, f64, f64)> = made.iter().map(line).collect();
        speeds.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert_eq!(speeds.len(), expected.len(), "{speeds:?}, expected {expected:?}");
        for ((speed, count, place), truth) in speeds.iter().zip(expected) {
            let (true_speed, true_count) =
                (truth["speed"].as_f64().unwrap(), truth["count"].as_f64().unwrap());
            assert!((speed - true_speed).abs() <= 0.02 * true_speed.abs(), "{speed} is not {true_speed}");
            assert!((count - true_count).abs() <= 0.1 * true_count, "{count} points of {true_count}");
            let true_place = truth["place"].as_f64().unwrap();
            assert!((place - true_place).abs() <= 2.5, "at {place} m, not {true_place} m");
        }
    }
}

fn random_events() -> impl Strategy<Value = Vec<Event>> {
    let one = (0..30_000_000_000_i64, 0..3_000_000_000_i64, 0..80_i64, 0..6_i64, -5.0..5.0_f64);
    prop::collection::vec(one, 0..120).prop_map(|list| {
        let mut events: Vec<Event> = list
            .into_iter()
            .map(|(start, duration, low, more, score)| Event {
                start_ns: start,
                end_ns: start + duration,
                peak_ns: start + duration / 3,
                channel_lo: low,
                channel_hi: low + more,
                distance_lo: low as f64 * 5.0,
                distance_hi: (low + more) as f64 * 5.0,
                score,
                ..Event::default()
            })
            .collect();
        events.sort_by(Event::precedes);
        (1..).zip(&mut events).for_each(|(id, event)| event.id = id);
        events
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Bit for bit the same, in the same order with the same ids, however events are cut, saved and gone on from.
    #[test]
    fn what_comes_out_does_not_depend_on_batches(
        events in random_events(),
        sizes in prop::collection::vec(1_usize..20, 1..8),
        behind in 0..5_000_000_000_i64,
    ) {
        for step in [
            "WHERE channels >= 3 AND (duration > 0.5s OR NOT score < 1)",
            "MERGE GAP=0.2s DISTANCE=10m",
            "ASSOCIATE 100m/s.. CHANNELS=2 REACH=40m TOLERANCE=0.1s",
            "ASSOCIATE 100..9000m/s CHANNELS=3 REST=keep",
            "TRACK 1..60m/s WITHIN=10m PAUSE=2s POINTS=3",
            "PERSIST 1s GAP=0.5s WITHIN=15m",
        ] {
            let whole = at_once(step, events.clone());
            let cut = in_batches(step, &events, &sizes, behind);
            prop_assert_eq!(format!("{whole:?}"), format!("{cut:?}"), "{}", step);
        }
    }
}

#[test]
fn a_forest_predicts_what_scikit_learn_predicts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let text = std::fs::read_to_string(folder.join("forest_expected.json")).unwrap();
    let expected: Vec<Value> = serde_json::from_str(&text).unwrap();
    let args = [Arg { key: None, value: Literal::Text("forest.json".into()), span: Span::default() }];
    let input = EventsType { unit: Some(String::new()), columns: Vec::new() };
    let context = Context { input: &input, folder: &folder, models: &NoModels };
    let bound = (find("CLASSIFY").unwrap().bind)(&args, Span::default(), &context);
    let mut stage = Stage::new(bound.unwrap().start());
    assert!(expected.len() >= 50);
    for one in &expected {
        let event = Event {
            end_ns: one["duration_ns"].as_i64().unwrap(),
            channel_hi: one["channels"].as_i64().unwrap() - 1,
            score: one["score"].as_f64().unwrap(),
            ..Event::default()
        };
        let made = stage.push(vec![event], 1).events;
        assert_eq!(made[0].text("label"), one["label"].as_str());
        let probability = made[0].number("probability").unwrap();
        assert!((probability - one["probability"].as_f64().unwrap()).abs() < 1e-12, "{probability} {one}");
    }
}
