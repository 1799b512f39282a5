//! Plans as text: what each pass reads, which loops share a kernel, and what is kept between them. For `explain` and for
//! tests of fusion; the bodies of the loops have a text of their own.
//!
//! ```text
//! pass 0
//!   t0 = source f32 ch 64 rows 0..4096 "read%0"
//!   kernel k0 over 64 channels
//!     loop t1 <- t0[i-3..=i] keeps 8×f64
//! ```
//! A loop reads rows relative to its own row `i`; `keeps` is what a channel remembers from row to row.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Result};

use dasc_ir::graph::builder::role_name;
use dasc_ir::graph::{Edge, Scope};
use dasc_ir::kernel::{BufferId, CarryId, Domain, Instr, Kernel, Loop, Step};

use crate::access::{Access, reads, writes};
use crate::plan::{
    Binding, Flow, KernelStage, Pass, Place, Plan, Selection, Stage, Statistic, Stream, Whole, WholeInput,
    WholeKind, WholeOutput,
};

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (number, statistic) in self.statistics.iter().enumerate() {
            writeln!(f, "s{number} = {statistic}")?;
        }
        for (number, pass) in self.passes.iter().enumerate() {
            writeln!(f, "pass {number}")?;
            write!(f, "{pass}")?;
        }
        Ok(())
    }
}

impl Display for Statistic {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let scope = match self.scope {
            Scope::Segment => "segment",
            Scope::Record => "record",
        };
        let shape = Shape { inner: self.inner, planes: self.planes, channels: self.channels };
        match self.given {
            Some(_) => write!(f, "{} {shape} given {:?}", self.dtype, self.name)?,
            None => {
                write!(
                    f,
                    "{} {shape} per {scope} after pass {} {:?}",
                    self.dtype, self.known_after, self.name
                )?;
            }
        }
        f.write_str(if self.observed { " observed" } else { "" })
    }
}

impl Display for Pass {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", Indented(&self.flow, "  "))?;
        for transform in &self.transforms {
            writeln!(f, "  {transform}")?;
        }
        for selection in &self.selections {
            writeln!(f, "  {selection}")?;
        }
        if !self.finals.stages.is_empty() {
            writeln!(f, "  at the end")?;
            write!(f, "{}", Indented(&self.finals, "    "))?;
        }
        Ok(())
    }
}

/// A flow, every line after some blanks.
struct Indented<'a>(&'a Flow, &'a str);

impl Display for Indented<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Indented(flow, blanks) = self;
        for (number, stream) in flow.streams.iter().enumerate() {
            writeln!(f, "{blanks}t{number} = {stream}")?;
        }
        for stage in &flow.stages {
            match stage {
                Stage::Kernel(stage) => kernel(f, stage, blanks)?,
                Stage::Gather { input, output, channels } => {
                    writeln!(f, "{blanks}gather t{output} <- t{input} channels {}", Picked(channels))?;
                }
                Stage::Slant { input, output, lo, slant } => {
                    let taps = slant.shifts.first().map_or(0, Vec::len);
                    let of = if slant.squared { " of squares" } else { "" };
                    writeln!(
                        f,
                        "{blanks}slant t{output} <- t{input}{of} over {taps} channels from {lo:+} ±{} rows",
                        slant.reach
                    )?;
                }
                Stage::Quantile { input, output, along, quantile } => {
                    let (of, along) = (quantile.fraction(), role_name(*along));
                    writeln!(f, "{blanks}quantile t{output} <- t{input} {of:?} along {along}")?;
                }
                Stage::Rank { input, output, along, lo, hi, rank } => {
                    let along = role_name(*along);
                    writeln!(
                        f,
                        "{blanks}rank t{output} <- t{input} {rank} of {lo:+}..={hi:+} along {along}"
                    )?;
                }
                Stage::Call { input, output, call } => {
                    let (name, window, hop) = (&call.model.name, call.window, call.hop);
                    writeln!(f, "{blanks}call t{output} <- t{input} {name:?} window {window} hop {hop}")?;
                }
                Stage::Transform { input, output, block, inverse } => {
                    let way = if *inverse { "inverse " } else { "" };
                    writeln!(f, "{blanks}fft t{output} <- t{input} {way}along channels by {block}")?;
                }
            }
        }
        for (stream, statistic) in &flow.exports {
            writeln!(f, "{blanks}export s{statistic} <- t{stream}")?;
        }
        Ok(())
    }
}

impl Display for Stream {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let shape = Shape { inner: self.inner, planes: self.planes, channels: self.channels };
        write!(f, "{} {} {shape} rows", self.place, self.dtype)?;
        for (start, stop) in &self.rows {
            write!(f, " {start}..{stop}")?;
        }
        if self.edge != Edge::Valid {
            write!(f, " edge {}", edge(self.edge))?;
        }
        if self.lane_reach > 0 {
            write!(f, " ±{} channels {}", self.lane_reach, edge(self.lane_edge))?;
        }
        write!(f, " {:?}", self.name)?;
        f.write_str(if self.observed { " observed" } else { "" })
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Place::Source => f.write_str("source"),
            Place::Spool(number) => write!(f, "spool{number}"),
            Place::Statistic(number) => write!(f, "s{number}"),
            Place::Wide => f.write_str("wide"),
            Place::Scratch => f.write_str("scratch"),
        }
    }
}

impl Display for Whole {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let what = match self.kind {
            WholeKind::Transform(_) => "transform",
            WholeKind::Reverse => "reverse",
        };
        match self.output {
            WholeOutput::Spool(spool) => write!(f, "{what} spool{spool}")?,
            WholeOutput::Statistic(statistic) => write!(f, "{what} s{statistic}")?,
        }
        match &self.input {
            WholeInput::Stream(number) => write!(f, " <- t{number}")?,
            WholeInput::Statistic { number, .. } => write!(f, " <- s{number}")?,
        }
        match self.kind {
            WholeKind::Transform(kind) => write!(f, " {kind:?} of whole segments"),
            WholeKind::Reverse => Ok(()),
        }
    }
}

impl Display for Selection {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Selection { input, output, quantile, digits, digit, .. } = self;
        let (number, of, width) = (digit + 1, digits.passes(), digits.width);
        write!(f, "select s{output} <- t{input} quantile {:?} digit {number} of {of} ", quantile.fraction())?;
        write!(f, "by {width} bits")
    }
}

impl Display for Binding {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Binding::Stream(number) => write!(f, "t{number}"),
            Binding::Statistic(number) => write!(f, "s{number}"),
            Binding::Strided(number) => write!(f, "t{number} across channels"),
            Binding::Local => f.write_str("partial"),
        }
    }
}

fn kernel(f: &mut Formatter<'_>, stage: &KernelStage, blanks: &str) -> Result {
    writeln!(f, "{blanks}kernel {} over {} channels", stage.kernel.name, stage.channels)?;
    for step in &stage.kernel.steps {
        let bound = |buffer: BufferId| Bound(stage, buffer);
        match step {
            Step::Loop(body) => {
                let kind = match body.domain {
                    Domain::Rows(_) => "loop",
                    Domain::Over(_) => "accumulate",
                    Domain::Once => "once",
                };
                write!(f, "{blanks}  {kind}")?;
                let stored: Vec<String> = writes(step).into_iter().map(|b| bound(b).to_string()).collect();
                write!(f, " {}", if stored.is_empty() { "sums".to_string() } else { stored.join(", ") })?;
                let read = reads(&stage.kernel, step);
                let mut read: Vec<String> = read.into_iter().map(|a| Read(stage, a).to_string()).collect();
                read.extend(constants(stage, body));
                write!(f, " <- {}", read.join(", "))?;
                if body.inner > 1 {
                    write!(f, " for {} inner", body.inner)?;
                }
                writeln!(f, "{}", kept(&stage.kernel, body))?;
            }
            Step::Fft(fft) => {
                let (output, input) = (bound(fft.output), bound(fft.input));
                writeln!(f, "{blanks}  fft {output} <- {input} {:?} {}", fft.kind, fft.n)?;
            }
            Step::Correlate(correlate) => {
                let (output, x, t) = (bound(correlate.output), bound(correlate.x), bound(correlate.t));
                writeln!(f, "{blanks}  correlate {output} <- {x}, {t} from lag {}", correlate.lo)?;
            }
            Step::OverlapAdd(add) => {
                let (output, input) = (bound(add.output), bound(add.input));
                writeln!(f, "{blanks}  overlap_add {output} <- {input} hop {}", add.hop)?;
            }
            Step::Widen(widen) => {
                let (output, input) = (bound(widen.output), bound(widen.input));
                writeln!(f, "{blanks}  widen {output} <- {input} {:?}", widen.edge)?;
            }
            Step::Emit(emit) => {
                let table = stage.tables.get(emit.table as usize);
                let table = table.map(ToString::to_string).unwrap_or_default();
                writeln!(f, "{blanks}  emit {table} <- {}", bound(emit.level))?;
            }
        }
    }
    for reduce in &stage.kernel.reduces {
        let outputs: Vec<String> = reduce.outputs.iter().map(|b| Bound(stage, *b).to_string()).collect();
        writeln!(f, "{blanks}  finish {} of {} sums", outputs.join(", "), reduce.carries.len())?;
    }
    Ok(())
}

/// Statistics that a loop reads, which [`reads`] leaves out because they have no rows.
fn constants(stage: &KernelStage, body: &Loop) -> Vec<String> {
    let mut found: Vec<BufferId> = body
        .values
        .iter()
        .filter_map(|i| if let Instr::Load { buffer, .. } = i { Some(*buffer) } else { None })
        .filter(|b| {
            stage.kernel.buffers.get(b.index()).is_some_and(|b| b.role == dasc_ir::kernel::Role::Constant)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|b| Bound(stage, b).to_string()).collect()
}

/// State that a loop carries from row to row: ` keeps 8×f64, 1×f32`.
fn kept(kernel: &Kernel, body: &Loop) -> String {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let carries = body
        .values
        .iter()
        .filter_map(|i| if let Instr::SetCarry { carry, .. } = i { Some(*carry) } else { None });
    for CarryId(number) in carries {
        if let Some(carry) = kernel.carries.get(number as usize) {
            *counts.entry(carry.dtype.name()).or_default() += carry.inner;
        }
    }
    let words: Vec<String> = counts.iter().map(|(dtype, count)| format!("{count}×{dtype}")).collect();
    if words.is_empty() { String::new() } else { format!(" keeps {}", words.join(", ")) }
}

/// What a buffer of a kernel is tied to.
struct Bound<'a>(&'a KernelStage, BufferId);

impl Display for Bound<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.bindings.get(self.1.index()) {
            Some(binding) => write!(f, "{binding}"),
            None => f.write_str("nothing"),
        }
    }
}

/// Rows of a buffer that a loop reads: `t0`, `t0[i-3..=i]`, `t0[5i]`.
struct Read<'a>(&'a KernelStage, Access);

impl Display for Read<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Access { buffer, step, div: _, lo, hi } = self.1;
        write!(f, "{}", Bound(self.0, buffer))?;
        let index = |add: i64| {
            let row = match step {
                0 => String::new(),
                1 => "i".to_string(),
                step => format!("{step}i"),
            };
            match add {
                0 if step != 0 => row,
                add if step == 0 => add.to_string(),
                add => format!("{row}{add:+}"),
            }
        };
        match (step, lo, hi) {
            (1, 0, 0) => Ok(()),
            _ if lo == hi => write!(f, "[{}]", index(lo)),
            _ => write!(f, "[{}..={}]", index(lo), index(hi)),
        }
    }
}

struct Shape {
    inner: u32,
    planes: u32,
    channels: u32,
}

impl Display for Shape {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "ch {}", self.channels)?;
        if self.inner > 1 {
            write!(f, " inner {}", self.inner)?;
        }
        if self.planes > 1 { f.write_str(" complex") } else { Ok(()) }
    }
}

/// The first few of a list of channels.
struct Picked<'a>(&'a [u32]);

impl Display for Picked<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let first: Vec<String> = self.0.iter().take(4).map(ToString::to_string).collect();
        let rest = if self.0.len() > 4 { format!(" … {} in all", self.0.len()) } else { String::new() };
        write!(f, "{}{rest}", first.join(" "))
    }
}

fn edge(edge: Edge) -> &'static str {
    match edge {
        Edge::Valid => "valid",
        Edge::Zero => "zero",
        Edge::Cover => "cover",
        Edge::Nearest => "nearest",
        Edge::Reflect => "reflect",
        Edge::Mirror => "mirror",
        Edge::Odd => "odd",
    }
}
