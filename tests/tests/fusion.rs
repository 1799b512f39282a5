//! Files of `filetests/plan`: a script over a described record, and the plan it becomes: what shares a loop, what shares
//! a kernel, which rows are kept between them, and how often the record is read.

mod script;

use dasc_ir::DType;
use dasc_ir::graph::Signal;
use dasc_tests::filetest;

#[test]
fn plans() {
    filetest::check("plan", |input| planned(input).unwrap_or_else(|message| format!("{message}\n")));
}

/// A script under the line `# record: <dtype> <rate in Hz> <channels> channels <first>..<end> …` with a range for each
/// segment, or the text of a graph.
fn planned(input: &str) -> Result<String, String> {
    let graph = match filetest::header(input, "record") {
        Some(header) => script::graph(input, &record(header)?)?,
        None => dasc_ir::graph::text::parse(input).map_err(|diag| diag.to_string())?,
    };
    let (_, plan) = dasc_compiler::compile(graph).map_err(|diag| diag.to_string())?;
    Ok(plan.to_string())
}

fn record(header: &str) -> Result<Signal, String> {
    let mut words = header.split_whitespace();
    let mut next = || words.next().ok_or("the description of the record is too short");
    let dtypes = [DType::I16, DType::I32, DType::F32, DType::F64];
    let dtype = next()?;
    let dtype = dtypes.into_iter().find(|d| d.to_string() == dtype).ok_or("no such type")?;
    let rate: f64 = next()?.parse().map_err(|_| "no such rate")?;
    let channels: u32 = next()?.parse().map_err(|_| "no such number of channels")?;
    next()?;
    let range =
        |word: &str| word.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let segments: Option<Vec<(i64, i64)>> = words.map(range).collect();
    Ok(script::signal(dtype, rate, &segments.ok_or("no such range")?, channels))
}
