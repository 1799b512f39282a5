//! Streaming facts of composed graphs, with values derived by hand in the comments.

use dasc_ir::graph::builder::Section;
use dasc_ir::graph::facts::{Class, Facts, Halo, Reach, carry, facts};
use dasc_ir::graph::{
    Builder, ChannelAxis, Edge, NodeId, Reduction, Role, Rows, Scope, Signal, TimeAxis, TransformKind,
    WindowBody,
};
use dasc_ir::{DType, Rational, Unit};

/// A stream of three channels at 1 kHz, so that a row is a millisecond.
fn stream(rows: Rows) -> (Builder, NodeId) {
    let mut builder = Builder::new();
    let period = Rational::new(1, 1000).unwrap();
    let source = builder.source(Signal {
        dtype: DType::F32,
        unit: Unit::none(),
        time: Some(TimeAxis { period, origin: Rational::ZERO, rows }),
        inner: None,
        channel: Some(ChannelAxis::regular(3, 1.0)),
    });
    (builder, source)
}

fn window(b: &mut Builder, x: NodeId, taps: (i32, i32), hop: u32, edge: Edge) -> NodeId {
    let body = WindowBody::Fold(Reduction::Max);
    b.window(x, Role::Time, taps, hop, edge, body, Unit::none(), DType::F32).unwrap()
}

fn join(b: &mut Builder, x: NodeId, y: NodeId) -> NodeId {
    b.map(&[x, y], Unit::none(), DType::F32, |e| {
        let (x, y) = (e.input(0).to(DType::F64), e.input(1).to(DType::F64));
        vec![(x + y).to(DType::F32)]
    })
    .unwrap()
}

fn ms(rows: i64) -> Reach {
    Reach::Seconds(Rational::new(rows.into(), 1000).unwrap())
}

fn last(b: Builder, output: NodeId) -> (Facts, Vec<Facts>) {
    let all = facts(&b.finish(vec![output]));
    (all[output.index()], all)
}

#[test]
fn a_map_is_pointwise_and_adds_nothing() {
    let (mut b, x) = stream(Rows::From(0));
    let y = b.map1(x, Unit::none(), |x, _| x.abs()).unwrap();
    let (f, _) = last(b, y);
    assert_eq!((f.class(), f.back, f.ahead, f.granule, f.carry), (Class::Pointwise, ms(0), ms(0), ms(1), 0));
    assert_eq!(f.latency(), Some(Rational::ZERO));
}

#[test]
fn the_earlier_branch_of_a_diamond_waits() {
    let (mut b, x) = stream(Rows::From(0));
    let early = window(&mut b, x, (-1, 1), 1, Edge::Zero);
    let late = window(&mut b, x, (-2, 7), 1, Edge::Zero);
    let both = join(&mut b, early, late);
    let (f, all) = last(b, both);
    assert_eq!((f.class(), f.back, f.ahead, f.granule), (Class::Halo, ms(2), ms(7), ms(1)));
    // The first branch is ready six rows earlier.
    assert_eq!(f.carry, 6);
    // Two rows for the first window, nine for the second, six for the delay.
    assert_eq!(carry(&all), 2 + 9 + 6);
    assert_eq!(f.latency(), Some(Rational::new(7, 1000).unwrap()));
}

#[test]
fn opposite_shifts_cancel() {
    let (mut b, x) = stream(Rows::From(0));
    let ahead = window(&mut b, x, (3, 3), 1, Edge::Zero);
    let back = window(&mut b, ahead, (-3, -3), 1, Edge::Zero);
    let (f, _) = last(b, back);
    assert_eq!((f.back, f.ahead), (ms(0), ms(0)));
}

#[test]
fn a_reflection_reads_rows_on_the_other_side() {
    for (edge, ahead) in [(Edge::Zero, 0), (Edge::Nearest, 0), (Edge::Reflect, 3), (Edge::Mirror, 4)] {
        let (mut b, x) = stream(Rows::From(0));
        let y = window(&mut b, x, (-4, 0), 1, edge);
        let (f, _) = last(b, y);
        assert_eq!((f.back, f.ahead), (ms(4), ms(ahead)), "{edge:?}");
    }
}

#[test]
fn decimation_after_a_window() {
    let (mut b, x) = stream(Rows::From(0));
    let smooth = window(&mut b, x, (-2, 2), 1, Edge::Zero);
    let stack = window(&mut b, smooth, (-3, 0), 4, Edge::Zero);
    let (f, _) = last(b, stack);
    // −2 − 3 rows back, 2 ahead, four rows at a time.
    assert_eq!((f.back, f.ahead, f.granule), (ms(5), ms(2), ms(4)));
    assert_eq!(f.latency(), Some(Rational::new(2 + 4 - 1, 1000).unwrap()));
    // Stacks do not overlap: one maximum.
    assert_eq!(f.carry, 1);
    assert_eq!(f.sampling, Some((Rational::new(4, 1000).unwrap(), Rational::ZERO)));
}

#[test]
fn a_moved_origin_moves_what_lies_behind_and_ahead() {
    let (mut b, x) = stream(Rows::From(0));
    let stack = window(&mut b, x, (0, 3), 4, Edge::Valid);
    // To the middle of the four samples.
    b.shift_origin(stack, Rational::new(3, 2000).unwrap());
    let (f, _) = last(b, stack);
    let half = Reach::Seconds(Rational::new(3, 2000).unwrap());
    assert_eq!((f.back, f.ahead, f.granule), (half, half, ms(4)));
}

#[test]
fn hops_compose() {
    let (mut b, x) = stream(Rows::From(0));
    let by_two = window(&mut b, x, (-1, 1), 2, Edge::Valid);
    let by_six = window(&mut b, by_two, (-2, 2), 3, Edge::Valid);
    let by_twelve = window(&mut b, by_six, (0, 1), 2, Edge::Valid);
    let (f, all) = last(b, by_twelve);
    let second = all[by_six.index()];
    // 1 + 2·2 rows on either side, six at a time.
    assert_eq!((second.back, second.ahead, second.granule), (ms(5), ms(5), ms(6)));
    // The last one looks 1·6 rows further ahead.
    assert_eq!((f.back, f.ahead, f.granule), (ms(5), ms(11), ms(12)));
    assert_eq!(f.rows(f.ahead), Some(Rational::integer(11)));
}

#[test]
fn detrend_bandpass_normalize_reads_three_times() {
    let (mut b, x) = stream(Rows::Segments(vec![(0, 5000)]));
    let mean = b.reduce(x, Role::Time, Reduction::Mean, Scope::Segment).unwrap();
    let detrended = join(&mut b, x, mean);
    let section = Section { b: [1.0, 0.0, -1.0], a: [-1.2, 0.5] };
    let filtered = b.biquads(detrended, 0.1, &[section]).unwrap();
    let deviation = b.reduce(filtered, Role::Time, Reduction::Std, Scope::Segment).unwrap();
    let normalized = join(&mut b, filtered, deviation);
    let (f, all) = last(b, normalized);
    let passes: Vec<u32> = all.iter().map(|f| f.passes).collect();
    assert_eq!(passes, [1, 1, 2, 2, 2, 3]);
    assert_eq!((f.class(), f.back, f.ahead), (Class::Passes, Reach::Whole, Reach::Whole));
    assert_eq!(f.latency(), None);
    assert_eq!(all[mean.index()].class(), Class::State);
    assert_eq!(all[filtered.index()].carry, 2);
    assert!(f.exact);
}

#[test]
fn a_recurrence_remembers_and_does_not_wait() {
    let (mut b, x) = stream(Rows::From(0));
    let section = Section { b: [1.0, 0.0, -1.0], a: [-1.2, 0.5] };
    let y = b.biquads(x, 0.1, &[section, section]).unwrap();
    let z = window(&mut b, y, (-5, 3), 1, Edge::Zero);
    let (f, all) = last(b, z);
    let filter = all[y.index()];
    assert_eq!((filter.class(), filter.back, filter.carry), (Class::State, Reach::State, 4));
    assert_eq!((f.class(), f.back, f.ahead, f.carry), (Class::Halo, Reach::State, ms(3), 8));
}

#[test]
fn frames_and_overlap_add() {
    let (mut b, x) = stream(Rows::From(0));
    let time = b.time(x).unwrap().clone();
    let frames = b.frame(x, 8, 4, -2, Edge::Zero).unwrap();
    let spectra = b.transform(frames, TransformKind::Forward, Role::Inner).unwrap();
    let back = b.inverse(spectra, 8, -0.002).unwrap();
    let laid = b.overlap_add(back, 4, -2, time).unwrap();
    let (f, all) = last(b, laid);
    let framed = all[frames.index()];
    assert_eq!((framed.back, framed.ahead, framed.granule, framed.carry), (ms(2), ms(5), ms(4), 7));
    assert!(framed.exact && !all[spectra.index()].exact && !f.exact);
    // A row lies in frames that reach 7 rows back and 7 ahead of it.
    assert_eq!((f.back, f.ahead, f.granule), (ms(7), ms(7), ms(4)));
    assert_eq!(f.carry, 4);
    assert_eq!(f.sampling, Some((Rational::new(1, 1000).unwrap(), Rational::ZERO)));
}

#[test]
fn an_envelope_needs_the_whole_segment() {
    let (mut b, x) = stream(Rows::Segments(vec![(0, 64)]));
    let y = b.transform(x, TransformKind::Analytic, Role::Time).unwrap();
    let (f, _) = last(b, y);
    assert_eq!((f.class(), f.latency(), f.exact), (Class::Whole, None, false));
}

#[test]
fn neighbouring_channels_add_up() {
    let (mut b, x) = stream(Rows::From(0));
    let spread = |b: &mut Builder, x: NodeId, taps: (i32, i32)| {
        let body = WindowBody::Fold(Reduction::Min);
        b.window(x, Role::Channel, taps, 1, Edge::Reflect, body, Unit::none(), DType::F32).unwrap()
    };
    let y = spread(&mut b, x, (-1, 2));
    let z = spread(&mut b, y, (-3, 0));
    let mean = b.reduce(z, Role::Channel, Reduction::Mean, Scope::Segment).unwrap();
    let (f, all) = last(b, mean);
    // Taps −1 ..= 2 reflected reach −1 ..= 2 and taps −3 ..= 0 reach −3 ..= 2.
    assert_eq!(all[z.index()].halo, Halo::Channels { below: 4, above: 4 });
    assert_eq!((f.halo, f.class()), (Halo::All, Class::Pointwise));
}
