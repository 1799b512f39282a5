//! Every invariant of a graph, broken one at a time in its text.

use dasc_ir::graph::text::parse;
use dasc_ir::graph::verify::verify;

/// A graph with every primitive. Lines are numbered by their node.
const WHOLE: &str = r#"
%0 = source : f32[time 100Hz 0..40 50..90, ch 4 step 1.0m] "count" @"READ"
%1 = map %0, %0 { (mul x0 (select (lt x1 2.0:f32) x1 0.5:f32)) } : f32[time 100Hz 0..40 50..90, ch 4 step 1.0m] "count" @"MAP" 0:3..9
%2 = scan %1 (f64 = 0.0, f64 = { (f64 x0) }) { let t0 = (add s0 (f64 x0)); t0, s1, (f32 t0) } : f32[time 100Hz 0..40 50..90, ch 4 step 1.0m] "count" @"SCAN"
%3 = window.time %2 -1..=1 hop 2 edge valid dot [1.0, 2.0, 1.0] : f64[time 50Hz 1..20 26..45, ch 4 step 1.0m] "count" @"DOT"
%4 = window.channel %3 -1..=1 hop 1 edge mirror stencil { (max x0[-1] x0[1]) } : f64[time 50Hz 1..20 26..45, ch 4 step 1.0m] "count" @"STENCIL"
%5 = reduce.time %4 std segment : f64[ch 4 step 1.0m] "count" @"STD"
%6 = map %4, %5 { (div x0 x1) } : f64[time 50Hz 1..20 26..45, ch 4 step 1.0m] @"NORMALIZE"
%7 = frame %6 8 hop 4 lo 0 edge valid : f64[time 25/2Hz 1..4 7..10, frame 8 from 0.0 step 0.02 "s", ch 4 step 1.0m] @"FRAME"
%8 = fft.inner %7 forward 8 : c32[time 25/2Hz 1..4 7..10, frequency 5 from 0.0 step 6.25 "Hz", ch 4 step 1.0m] @"FFT"
%9 = map %8 { (mul x0 2.0:f32), x0.im } : c32[time 25/2Hz 1..4 7..10, frequency 5 from 0.0 step 6.25 "Hz", ch 4 step 1.0m] @"WHITEN"
%10 = fft.inner %9 inverse 8 : f32[time 25/2Hz 1..4 7..10, frame 8 from 0.0 step 0.02 "s", ch 4 step 1.0m] @"IFFT"
%11 = overlap_add %10 hop 4 lo 0 : f32[time 50Hz 1..20 26..45, ch 4 step 1.0m] @"ISTFT"
%12 = slice.time %11 0..30 step 1 : f32[time 50Hz 1..20 26..31, ch 4 step 1.0m] @"SLICE"
%13 = gather %12 [2, 0] : f32[time 50Hz 1..20 26..31, ch 2 first 2 stride -2 at 2.0m step -2.0m positions [2.0, 0.0]] @"GATHER"
%14 = emit %13 "test" on 2.0 off 1.0 merge 0.1s 2 : table @"DETECT"
out %14, %13
"#;

/// The error when one fragment of the graph is another.
fn broken(fragment: &str, replacement: &str) -> String {
    assert_eq!(WHOLE.matches(fragment).count(), 1, "{fragment} must stand once");
    let graph = parse(&WHOLE.replace(fragment, replacement)).unwrap();
    verify(&graph).unwrap_err().message
}

#[test]
fn the_whole_graph_is_sound() {
    verify(&parse(WHOLE).unwrap()).unwrap();
}

#[test]
fn every_broken_invariant_is_named_with_its_node_and_operator() {
    let cases = [
        // Arena.
        ("scan %1 (", "scan %2 (", "node %2 of SCAN: its input %2 does not stand before it"),
        ("gather %12", "gather %12, %12", "node %13 of GATHER: takes 1 inputs, but has 2"),
        ("map %8 {", "map {", "node %9 of WHITEN: takes 1 inputs, but has 0"),
        ("out %14, %13", "out %15", "output %15 is no node"),
        ("gather %12 [2, 0]", "source %12", "node %13 of GATHER: takes 0 inputs, but has 1"),
        // Tables.
        (": table", ": f32[]", "node %14 of DETECT: a detection gives a table"),
        ("off 1.0", "off 3.0", "node %14 of DETECT: switches off at 3 but on at 2"),
        ("merge 0.1s", "merge -1.0s", "node %14 of DETECT: merges within -1 s"),
        // Axes.
        (
            "-1..=1 hop 2 edge valid dot [1.0, 2.0, 1.0] : f64[time 50Hz 1..20",
            "-1..=1 hop 2 edge valid dot [1.0, 2.0, 1.0] : f64[time 50Hz 0..20",
            "node %3 of DOT: declares rows Segments([(0, 20), (26, 45)]), but its inputs give Segments([(1, 20), (26, 45)])",
        ),
        (
            "{ (div x0 x1) } : f64[time 50Hz 1..20 26..45",
            "{ (div x0 x1) } : f64[time 100Hz 1..20 26..45",
            "node %6 of NORMALIZE: declares period 1/100, but its inputs give 1/50",
        ),
        (
            "f64[ch 4 step 1.0m] \"count\"",
            "f64[ch 3 step 1.0m] \"count\"",
            "node %5 of STD: declares channel axis",
        ),
        (
            "segment : f64[ch 4 step 1.0m] \"count\"",
            "segment : f64[ch 4 step 1.0m]",
            "node %5 of STD: declares unit 1, but its inputs give count",
        ),
        (
            "segment : f64[ch 4",
            "segment : f32[ch 4",
            "node %5 of STD: declares element type f32, but its inputs give f64",
        ),
        ("segment : f64[ch", "segment : bool[ch", "node %5 of STD: truth values are not stored"),
        ("segment : f64[ch 4", "segment : f64[ch 0", "node %5 of STD: its channel axis has no length"),
        ("2.0, 0.0]] @\"GATHER\"", "2.0]] @\"GATHER\"", "node %13 of GATHER: 2 channels have 1 positions"),
        (
            "f32[time 50Hz 1..20 26..31, ch 4",
            "f32[time 0s 1..20 26..31, ch 4",
            "node %12 of SLICE: its period of 0 s is not positive",
        ),
        (
            "f32[time 50Hz 1..20 26..31, ch 4",
            "f32[time 50Hz 20..1, ch 4",
            "node %12 of SLICE: segment 20..1 ends before it begins",
        ),
        (
            "f32[time 50Hz 1..20 26..31, ch 4",
            "f32[time 50Hz 1..9999999999999999, ch 4",
            "node %12 of SLICE: row 9999999999999999 is beyond 9007199254740992",
        ),
        // Expressions.
        (
            "(mul x0 (select",
            "(mul x2 (select",
            "node %1 of MAP: the expression has operands that are missing or of different types",
        ),
        (
            "(mul x0 (select",
            "(mul row (select",
            "node %1 of MAP: the expression has operands that are missing or of different types",
        ),
        (
            "(mul x0 (select",
            "(and x0 (select",
            "node %1 of MAP: operation 7 of the expression takes truth values or integers, not f32",
        ),
        (
            "x1 0.5:f32",
            "x1[1] 0.5:f32",
            "node %1 of MAP: operation 4 of the expression reads tap 1 outside 0..=0",
        ),
        ("x1 0.5:f32", "x1.im 0.5:f32", "node %1 of MAP: operation 4 of the expression reads plane 1 of 1"),
        (
            "(max x0[-1] x0[1])",
            "(max x0[-1] x0[2])",
            "node %4 of STENCIL: operation 1 of the expression reads tap 2 outside -1..=1",
        ),
        (", x0.im }", " }", "node %9 of WHITEN: the expression gives (f32), not (f32, f32)"),
        (
            "t0, s1, (f32 t0)",
            "t0, (f32 t0)",
            "node %2 of SCAN: the expression gives (f64, f32), not (f64, f64, f32)",
        ),
        (
            "t0, s1, (f32 t0)",
            "t0, s2, (f32 t0)",
            "node %2 of SCAN: the expression has operands that are missing or of different types",
        ),
        ("(f64 = 0.0", "(i32 = 0.0", "node %2 of SCAN: state 0 is kept as i32, not f32, f64 or i64"),
        (
            "{ (f64 x0) })",
            "{ x0 })",
            "node %2 of SCAN: the initial value of state 1: the expression gives (f32), not (f64)",
        ),
        (
            "0.5:f32",
            "0.5:i32",
            "node %1 of MAP: the expression has operands that are missing or of different types",
        ),
        // Primitives.
        ("dot [1.0, 2.0, 1.0]", "dot [1.0, 2.0]", "node %3 of DOT: 3 taps have 2 coefficients"),
        (
            "dot [1.0, 2.0, 1.0]",
            "mean",
            "node %3 of DOT: a window folds to a sum, minimum or maximum, not Mean",
        ),
        (
            "window.time %2 -1..=1 hop 2",
            "window.time %2 -1..=1 hop 0",
            "node %3 of DOT: DOT needs a window of at least one sample",
        ),
        (
            "window.time %2 -1..=1",
            "window.time %2 -2000000000..=1",
            "node %3 of DOT: tap -2000000000 is beyond 1073741824",
        ),
        (
            "hop 1 edge mirror",
            "hop 1 edge valid",
            "node %4 of STENCIL: STENCIL needs an edge mode along the channel axis",
        ),
        ("forward 8", "forward 9", "node %8 of FFT: transforms 9 samples where there are 8"),
        ("forward 8", "inverse 8", "node %8 of FFT: a Inverse transform is given real input"),
        (
            "fft.inner %9 inverse 8",
            "fft.inner %9 inverse 10",
            "node %10 of IFFT: IFFT needs 6 frequencies for frames of 10 samples, but its input has 5",
        ),
        (
            "overlap_add %10 hop 4",
            "overlap_add %10 hop 2",
            "node %11 of ISTFT: frames every 2/25 s are laid 2 times 1/50 s apart",
        ),
        (
            "lo 0 : f32[time 50Hz 1..20 26..45",
            "lo 0 : f32[time 50Hz 1..20",
            "node %11 of ISTFT: frames and the rows they are laid on have different segments",
        ),
        (
            "gather %12 [2, 0]",
            "gather %12 [4, 0]",
            "node %13 of GATHER: a gather picks channels that do not exist",
        ),
    ];
    for (fragment, replacement, expected) in cases {
        let message = broken(fragment, replacement);
        assert!(message.starts_with(expected), "{fragment} → {replacement}\n{message}\n{expected}");
    }
}

#[test]
fn a_table_is_no_input_and_a_graph_has_one_source() {
    let message = broken("out %14, %13", "%15 = emit %14 \"t\" on 1.0 off 1.0 merge 0.0s 0 : table\nout %15");
    assert_eq!(message, "node %15 of : its input %14 is a table, which only an output can be");
    let twice = "%0 = source : f32[time 1Hz 0..1]\n%1 = source : f32[time 1Hz 0..1]\nout %1";
    let error = verify(&parse(twice).unwrap()).unwrap_err();
    assert_eq!(error.message, "a graph has one source, but this one has 2");
    let error = verify(&parse("%0 = source : f32[ch 1 step 1.0m]\nout %0").unwrap()).unwrap_err();
    assert_eq!(error.message, "node %0 of : a record has a time axis");
    let statistic = "%0 = source : f32[time 1Hz 0..9]\n%1 = reduce.time %0 max record : f32[]\n%2 = map %1 { (f32 row) } : f32[]\nout %2";
    let error = verify(&parse(statistic).unwrap()).unwrap_err();
    assert_eq!(
        error.message,
        "node %2 of : operation 0 of the expression asks for a place in time, but the result has no time axis"
    );
}

#[test]
fn an_error_keeps_the_place_in_the_script() {
    let graph = parse(&WHOLE.replace("(mul x0 (select", "(mul x2 (select")).unwrap();
    let span = verify(&graph).unwrap_err().span.unwrap();
    assert_eq!((span.start, span.end), (3, 9));
}
