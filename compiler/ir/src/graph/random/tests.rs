//! Properties of random graphs: soundness, the text form, and facts against the interpreter.

use std::collections::HashSet;

use super::*;
use crate::graph::facts::{Halo, Reach, facts};
use crate::graph::interp::{Value, evaluate, interpret};
use crate::graph::text::parse;
use crate::graph::verify::verify;

const SEEDS: u64 = 400;

#[test]
fn random_graphs_verify_and_come_back_from_text_with_the_same_meaning() {
    let limits = Limits { rows: 60, ..Limits::default() };
    for seed in 0..SEEDS {
        let graph = random_graph(seed, &limits);
        verify(&graph).unwrap_or_else(|e| panic!("seed {seed}: {}\n{graph}", e.message));
        let text = graph.to_string();
        let again = parse(&text).unwrap_or_else(|e| panic!("seed {seed}: {}\n{text}", e.message));
        assert_eq!(again.to_string(), text, "seed {seed}");
        verify(&again).unwrap_or_else(|e| panic!("seed {seed}: {}\n{text}", e.message));
        assert_eq!(facts(&again), facts(&graph), "seed {seed}");
        let input = random_input(&graph, seed, &limits);
        let (a, b) = (interpret(&graph, &input).unwrap(), interpret(&again, &input).unwrap());
        // NaN is not equal to itself, but prints alike.
        assert_eq!(format!("{a:?}"), format!("{b:?}"), "seed {seed}");
    }
}

#[test]
fn every_primitive_occurs() {
    let names: HashSet<String> = (0..SEEDS)
        .flat_map(|seed| random_graph(seed, &Limits::default()).nodes)
        .filter_map(|node| node.to_string().split([' ', '.']).next().map(str::to_string))
        .collect();
    for name in [
        "source",
        "constant",
        "join",
        "map",
        "scan",
        "window",
        "reduce",
        "slice",
        "frame",
        "overlap_add",
        "fft",
        "correlate",
        "gather",
        "emit",
    ] {
        assert!(names.contains(name), "{name} is missing from {names:?}");
    }
}

#[test]
fn limits_are_kept() {
    let limits = Limits { transforms: false, whole: false, events: false, ..Limits::default() };
    for seed in 0..SEEDS {
        let graph = random_graph(seed, &limits);
        assert!(facts(&graph).iter().all(|f| f.exact && f.passes <= 1), "seed {seed}\n{graph}");
        assert!(graph.nodes.iter().all(|n| n.ty != Type::Table), "seed {seed}");
    }
}

#[test]
fn values_stay_moderate() {
    let limits = Limits { rows: 60, nan: false, ..Limits::default() };
    for seed in 0..SEEDS {
        let graph = random_graph(seed, &limits);
        for value in interpret(&graph, &random_input(&graph, seed, &limits)).unwrap() {
            if let Value::Signal(tensor) = value {
                let most = tensor.values.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                assert!(most < 1e12, "seed {seed}: {most}\n{graph}");
            }
        }
    }
}
/// Moves the record at one row and sees which rows of the outputs move: none further than the facts say.
#[test]
fn a_sample_reaches_no_further_than_the_facts_say() {
    let limits = Limits { rows: 90, segments: 2, nan: false, ..Limits::default() };
    let (mut checked, mut attained) = (0, 0);
    for seed in 0..SEEDS {
        let graph = random_graph(seed, &limits);
        let facts = facts(&graph);
        let Some(Type::Signal(source)) = graph.nodes.first().map(|n| n.ty.clone()) else { continue };
        let (Some(time), channels) = (&source.time, source.channels() as usize) else { continue };
        let Rows::Segments(ranges) = &time.rows else { continue };
        let input = random_input(&graph, seed, &limits);
        let before = evaluate(&graph, &input).unwrap();
        let (a, b) = ranges[0];
        let moved = a + (seed as i64 * 7) % (b - a);
        let at = (moved - a) as usize * channels;
        let mut input = input;
        for x in &mut input[at..at + channels] {
            *x += 777.0;
        }
        let after = evaluate(&graph, &input).unwrap();
        let instant = time.period * moved.into();
        for ((id, facts), (x, y)) in graph.ids().zip(&facts).zip(before.iter().zip(&after)) {
            let (Value::Signal(x), Value::Signal(y)) = (x, y) else { continue };
            let Some((period, origin)) = facts.sampling else { continue };
            let width = x.inner * x.channels * x.planes;
            let rows = x.ranges.iter().flat_map(|(a, b)| *a..*b);
            for ((row, p), q) in rows.zip(x.values.chunks(width)).zip(y.values.chunks(width)) {
                if p.iter().zip(q).all(|(p, q)| same(p, q)) {
                    continue;
                }
                // Positive when the row lies after the sample that moved.
                let behind = origin + period * row.into() - instant;
                let place = format!("seed {seed}, row {row} of {id} moved with {moved}: {facts}\n{graph}");
                assert!(Reach::Seconds(behind) <= facts.back, "{place}");
                assert!(Reach::Seconds(Rational::ZERO - behind) <= facts.ahead, "{place}");
                checked += 1;
                attained += usize::from(Reach::Seconds(Rational::ZERO - behind) == facts.ahead);
            }
        }
    }
    // The facts bound what happens, and are no looser than they need be.
    assert!(checked > 10_000 && attained > 1000, "{checked} rows, {attained} at the very reach");
}

/// The same for channels.
#[test]
fn a_channel_reaches_no_further_than_its_halo() {
    let limits = Limits { rows: 40, nan: false, ..Limits::default() };
    for seed in 0..SEEDS {
        let graph = random_graph(seed, &limits);
        let channels = graph.signal(NodeId(0)).map_or(1, |s| s.channels() as usize);
        let moved = seed as usize % channels;
        let mut input = random_input(&graph, seed, &limits);
        let before = evaluate(&graph, &input).unwrap();
        input.iter_mut().skip(moved).step_by(channels).for_each(|x| *x += 777.0);
        let after = evaluate(&graph, &input).unwrap();
        for ((id, facts), (x, y)) in graph.ids().zip(facts(&graph)).zip(before.iter().zip(&after)) {
            let (Value::Signal(x), Value::Signal(y)) = (x, y) else { continue };
            let Halo::Channels { below, above } = facts.halo else { continue };
            for (i, (p, q)) in x.values.iter().zip(&y.values).enumerate().filter(|(_, (p, q))| !same(p, q)) {
                let channel = i / x.planes % x.channels;
                assert!(
                    channel + above as usize >= moved && channel <= moved + below as usize,
                    "seed {seed}: channel {channel} of {id} moved with {moved}, not {p} but {q}\n{graph}"
                );
            }
        }
    }
}

#[test]
fn damaged_text_is_refused_or_sound_but_never_panics() {
    let limits = Limits { rows: 60, ..Limits::default() };
    let marks = b"0123456789-./:,;%()[]{}\"xs e";
    let (mut parsed, mut sound) = (0, 0);
    for seed in 0..SEEDS * 10 {
        let mut random = Random::new(seed);
        let mut text = random_graph(seed % SEEDS, &limits).to_string().into_bytes();
        for _ in 0..=random.below(3) {
            let at = random.below(text.len() as u64) as usize;
            // Numbers are damaged more often than syntax, which the parser refuses anyway.
            let digits = text[at..].iter().position(u8::is_ascii_digit).filter(|_| !random.chance(4));
            let (at, marks) = digits.map_or((at, &marks[..]), |digit| (at + digit, &marks[..10]));
            text[at] = marks[random.below(marks.len() as u64) as usize];
            if random.chance(4) {
                // A number becomes too large for what it counts.
                text.splice(at..at, *b"99999999");
            }
        }
        let Ok(graph) = parse(&String::from_utf8_lossy(&text)) else { continue };
        parsed += 1;
        if verify(&graph).is_ok() {
            sound += 1;
            assert_eq!(facts(&graph).len(), graph.nodes.len());
        }
    }
    assert!(parsed > 500 && sound > 100, "{parsed} parsed, {sound} sound");
}

/// NaN, the mean of an empty segment, is the same as itself.
fn same(p: &f64, q: &f64) -> bool {
    p == q || (p.is_nan() && q.is_nan())
}
