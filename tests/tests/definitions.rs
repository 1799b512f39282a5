//! Definitions of users through the whole compiler: interpreter and machine code give the same bits, whole or in chunks, on any
//! number of threads, stopped and continued; they mean what the Graph says; and they fuse with what stands around them.

mod script;

use dasc_ir::DType;
use dasc_ir::graph::{Graph, interp};
use dasc_runtime::{Backend, Options};
use dasc_tests::noise::Noise;
use dasc_tests::record::{Collected, Record, far, run, run_in_parts};

const SEGMENTS: &[(i64, i64)] = &[(0, 301), (400, 733)];

/// Definitions, then the steps that use them.
const SCRIPTS: [(&str, &str); 9] = [
    ("DEF LEAKY(x, tau: s) = y WHERE y[t] = y[t-1] + (1 - exp(-dt / tau)) * (x[t] - y[t-1])", "LEAKY 20ms"),
    ("DEF SMOOTH3(x) = (x[c-1] + x[c] + x[c+1]) / 3", "SMOOTH3"),
    ("DEF SNR(x, short: s, long: s) = RMS(x, short) / RMS(x, long)", "SNR 10ms 100ms"),
    (
        "DEF PAIR(x) = p - q WHERE p[t] = 0.9 * p[t-1] - 0.2 * q[t-1] + x[t-2]; q[t] = 0.2 * p[t-1] + 0.9 * q[t-2] + x[t+1]; p[t<0] = x",
        "PAIR",
    ),
    (
        "DEF FOLLOW(x) = e WHERE k = IF abs(x) > e[t-1] THEN 0.6 ELSE 0.05; e = e[t-1] + k * (abs(x) - e[t-1])",
        "FOLLOW",
    ),
    ("DEF AHEAD(x, n: 1) = x[t+n] - x[t-n] + x[c+2 | nearest]", "LOWPASS 40Hz | AHEAD 3 | DIFF"),
    (
        "DEF ONE(x) = y WHERE y[t] = 0.5 * y[t-1] + x\nDEF TWO(x) = ONE(ONE(x)) - x[t-1]",
        "TWO | BANDPASS 10Hz 100Hz",
    ),
    ("DEF AGAINST(x, other) = x / (abs(other) + 1) + other[t-1]", "SQUARE AS power | AGAINST raw"),
    ("DEF COUNT(x) = n WHERE n[t] = n[t-1] + (IF x > 0.5 THEN 1 ELSE 0); n[t<0] = 10", "COUNT"),
];

#[test]
fn definitions_stream_exactly_and_mean_what_they_say() {
    let mut failures = Vec::new();
    for (definitions, steps) in SCRIPTS {
        for (dtype, channels) in [(DType::F32, 5), (DType::I16, 1)] {
            if let Err(failure) =
                holds(&format!("{definitions}\nREAD record AS raw | {steps}"), dtype, channels)
            {
                failures.push(format!("{steps} as {dtype} on {channels} channels: {failure}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn graph(text: &str, dtype: DType, channels: u32) -> Result<Graph, String> {
    script::graph(text, &script::signal(dtype, 500.0, SEGMENTS, channels))
}

/// The result over all rows at once.
fn whole(graph: &Graph) -> Collected {
    let rows: i64 = SEGMENTS.iter().map(|(a, b)| b - a).sum();
    let mut noise = Noise(5);
    let input: Vec<f64> = (0..rows * 5).map(|_| f64::from(noise.value() as f32)).collect();
    run(graph, &Record::new(graph, &input), &Options::default()).unwrap().0
}

fn holds(text: &str, dtype: DType, channels: u32) -> Result<(), String> {
    let graph = graph(text, dtype, channels)?;
    let rows: i64 = SEGMENTS.iter().map(|(a, b)| b - a).sum();
    let mut noise = Noise(u64::from(channels));
    let mut input: Vec<f64> = (0..rows * i64::from(channels))
        .map(|_| {
            if dtype == DType::F32 {
                f64::from(noise.value() as f32)
            } else {
                (noise.value() * 1000.0).round()
            }
        })
        .collect();
    if dtype == DType::F32 {
        // One sample that is not finite, in the first stretch.
        input[7] = f64::NAN;
    }
    let record = Record::new(&graph, &input);
    let words = |e: dasc_ir::Diag| e.to_string();
    let options =
        |backend, threads, chunk| Options { backend, threads, chunk: Some(chunk), ..Options::default() };
    let (whole, _) = run(&graph, &record, &options(Backend::default(), 1, 1 << 20)).map_err(words)?;
    let others = [
        (Backend::Interpreter, 1, 1 << 20),
        (Backend::default(), 2, 1 << 20),
        (Backend::default(), 1, 1),
        (Backend::default(), 2, 13),
        (Backend::default(), 2, 64),
    ];
    for (backend, threads, chunk) in others {
        let (cut, _) = run(&graph, &record, &options(backend, threads, chunk)).map_err(words)?;
        let differ = |d| Err(format!("chunks of {chunk} on {threads} threads: {d}"));
        whole.difference(&cut).map_or(Ok(()), differ)?;
    }
    let machine = Options::default();
    let (continued, saves) = run_in_parts(&graph, &record, &machine, 11).map_err(words)?;
    assert!(saves > 0, "nothing was saved");
    whole
        .difference(&continued)
        .map_or(Ok(()), |d| Err(format!("continued after {saves} interruptions: {d}")))?;
    let meaning = interp::interpret(&graph, &input).map_err(words)?;
    far(&meaning[0], &whole, 0, 0.0).map_or(Ok(()), |d| Err(format!("not what the graph means: {d}")))
}

/// A definition between operators costs no pass and no kernel of its own.
#[test]
fn definitions_fuse_with_their_neighbours() {
    let leaky = "DEF LEAKY(x, tau: s) = y WHERE y[t] = y[t-1] + (1 - exp(-dt / tau)) * (x[t] - y[t-1])";
    let fused =
        graph(&format!("{leaky}\nREAD record | SCALE 2 | LEAKY 20ms | ABS | LEAKY 1s"), DType::F32, 5)
            .unwrap();
    let (_, plan) = dasc_compiler::pipeline::compile(fused).unwrap();
    assert_eq!(plan.passes.len(), 1);
    assert_eq!(plan.passes[0].flow.stages.len(), 1);
    let dasc_compiler::plan::Stage::Kernel(stage) = &plan.passes[0].flow.stages[0] else {
        panic!("not a kernel");
    };
    assert_eq!(stage.kernel.steps.len(), 1, "one loop for all");
}

/// A definition that calls another means what it would if the other's equations stood in it: nothing is rounded at the border.
#[test]
fn calls_of_definitions_round_nothing() {
    let lag = "DEF LAG(x, k: 1) = y WHERE y[t] = k * y[t-1] + x / 7";
    let pairs = [
        (
            "DEF F(x) = LAG(LAG(x, 0.3), 0.9) - x[t-1]",
            "DEF G(x) = b - x[t-1] WHERE a[t] = 0.3 * a[t-1] + x / 7; b[t] = 0.9 * b[t-1] + a / 7",
        ),
        (
            "DEF F(x) = LAG(x, 0.3) - LAG(x, 0.301)",
            "DEF G(x) = a - b WHERE a[t] = 0.3 * a[t-1] + x / 7; b[t] = 0.301 * b[t-1] + x / 7",
        ),
        (
            "DEF F(x) = y[t] - 3 * y[t-2] + y[c+1] WHERE y = LAG(x, 0.5)",
            "DEF G(x) = y[t] - 3 * y[t-2] + y[c+1] WHERE y[t] = 0.5 * y[t-1] + x / 7",
        ),
    ];
    for (calling, spelled) in pairs {
        let [one, other] = ["F", "G"].map(|name| {
            let text = format!("{lag}\n{calling}\n{spelled}\nREAD record | {name}");
            whole(&graph(&text, DType::F32, 5).unwrap())
        });
        assert_eq!(one.difference(&other), None, "{calling}");
    }
}

/// Neither do operators round their results within a definition, where rounding is the last thing they do.
#[test]
fn operators_round_nothing_within_a_definition() {
    let text = "DEF SNR(x) = RMS(x, 10ms) / BANDPASS(x, 10Hz, 100Hz)\nREAD record | SNR";
    let graph = graph(text, DType::F32, 5).unwrap();
    let needed = dasc_compiler::compile(graph).unwrap().0;
    let narrow = needed.nodes.iter().filter_map(|node| match &node.ty {
        dasc_ir::graph::Type::Signal(signal) if signal.dtype == DType::F32 => Some(signal.clone()),
        _ => None,
    });
    assert_eq!(narrow.count(), 2, "the record and the result\n{needed}");
}

/// Several members of a recurrence read outside of it cost what one costs: there is one state.
#[test]
fn the_members_of_a_recurrence_share_its_state() {
    let equations = "p[t] = 0.9 * p[t-1] - 0.2 * q[t-2] + x; q[t] = 0.2 * p[t-1] + 0.9 * q[t-1]; p[t<0] = x";
    let cost = |result: &str| {
        let text = format!("DEF F(x) = {result} WHERE {equations}\nREAD record | F");
        let (_, plan) = dasc_compiler::compile(graph(&text, DType::F32, 5).unwrap()).unwrap();
        let [dasc_compiler::plan::Stage::Kernel(stage)] = plan.passes[0].flow.stages.as_slice() else {
            panic!("not one kernel");
        };
        let [dasc_ir::kernel::Step::Loop(body)] = stage.kernel.steps.as_slice() else {
            panic!("not one loop");
        };
        (stage.kernel.carries.len(), body.body.len())
    };
    let (one, both, thrice) = (cost("2 * p"), cost("p + q"), cost("p + q + q * p"));
    assert_eq!((one.0, both.0, thrice.0), (3, 3, 3));
    // One instruction marks what is not finite in the second result, and the sum replaces the product.
    assert!(both.1 <= one.1 + 1 && thrice.1 <= both.1 + 2, "{one:?} {both:?} {thrice:?}");
}

/// Mistakes that show only where units, rates and constants are known: `tests/filetests/define`, on data in nstrain/s at 500 Hz.
#[test]
fn mistakes_are_shown_where_they_are() {
    dasc_tests::filetest::check("define", |text| {
        let mut record = script::signal(DType::F32, 500.0, SEGMENTS, 3);
        record.unit = dasc_ir::Unit::parse("nstrain/s").unwrap();
        match script::graph(text, &record) {
            Ok(graph) => graph.to_string(),
            Err(mistakes) => mistakes,
        }
    });
}
