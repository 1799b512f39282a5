//! Files of `filetests/plan`: a script over a described record, and the plan it becomes: what shares a loop, what shares
//! a kernel, which rows are kept between them, and how often the record is read.

mod script;

use dasc_ir::DType;
use dasc_tests::filetest;

#[test]
fn plans() {
    filetest::check("plan", |input| planned(input).unwrap_or_else(|message| format!("{message}\n")));
}

/// The first line is `# record: <dtype> <rate in Hz> <channels> channels <first>..<end> …`, a range for each segment.
fn planned(input: &str) -> Result<String, String> {
    let header = filetest::header(input, "record").ok_or("a plan needs a line `# record: …`")?;
    let mut words = header.split_whitespace();
    let mut next = || words.next().ok_or("the description of the record is too short");
    let dtypes = [DType::I16, DType::I32, DType::F32, DType::F64];
    let dtype = next()?;
    let dtype = dtypes.into_iter().find(|d| d.to_string() == dtype).ok_or("no such type")?;
    let rate: f64 = next()?.parse().map_err(|_| "no such rate")?;
    let channels: u32 = next()?.parse().map_err(|_| "no such number of channels")?;
    next()?;
    let range = |word: &str| word.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let segments: Option<Vec<(i64, i64)>> = words.map(range).collect();
    let record = script::signal(dtype, rate, &segments.ok_or("no such range")?, channels);
    let (_, plan) = dasc_compiler::compile(script::graph(input, &record)?).map_err(|diag| diag.to_string())?;
    Ok(plan.to_string())
}
