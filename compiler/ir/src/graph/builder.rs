//! Composes primitives into a [`Graph`], inferring and checking types as it goes.
//!
//! Operators call these methods and nothing else. A user's mistake comes back as a [`Diag`] placed at the step being
//! built; the row arithmetic of every primitive stands here and nowhere else.

use super::axis::{InnerAxis, InnerRole, Rows, Signal, TimeAxis, Type};
use super::expr::{Expr, Scalar, Writer};
use super::prim::{Edge, Emission, Prim, Reduction, Role, Scope, StateVar, TransformKind, View, WindowBody};
use super::{Graph, Node, NodeId};
use crate::{DType, Diag, Rational, Result, Span, Unit};

#[derive(Debug, Default)]
pub struct Builder {
    graph: Graph,
    operator: String,
    span: Option<Span>,
}

/// A second-order section `b0 + b1 z⁻¹ + b2 z⁻² over 1 + a1 z⁻¹ + a2 z⁻²`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    pub b: [f64; 3],
    pub a: [f64; 2],
}

impl Builder {
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Names the step that the following nodes belong to.
    pub fn enter(&mut self, operator: &str, span: Option<Span>) {
        self.operator = operator.to_string();
        self.span = span;
    }

    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    pub fn finish(mut self, outputs: Vec<NodeId>) -> Graph {
        self.graph.outputs = outputs;
        self.graph
    }

    /// The type of a signal.
    pub fn signal(&self, x: NodeId) -> Result<&Signal> {
        self.graph.signal(x).ok_or_else(|| self.diag("takes a signal, but is given a table of events"))
    }

    /// The type of a signal that must be real.
    pub fn real(&self, x: NodeId) -> Result<&Signal> {
        let signal = self.signal(x)?;
        if signal.dtype == DType::C32 {
            return Err(self
                .diag("works on real data, but its input is complex")
                .help("take ABS (the magnitude) or SQUARE (the power) first"));
        }
        Ok(signal)
    }

    /// The time axis, which the operator cannot do without.
    pub fn time(&self, x: NodeId) -> Result<&TimeAxis> {
        let time = self.signal(x)?.time.as_ref();
        time.ok_or_else(|| self.diag("needs a time axis, but its input is a statistic over all time"))
    }

    /// Samples per second of the input.
    pub fn rate(&self, x: NodeId) -> Result<f64> {
        Ok(1.0 / self.time(x)?.period.as_f64())
    }

    /// A user's mistake at the step being built: `BANDPASS <what>`.
    pub fn diag(&self, what: impl AsRef<str>) -> Diag {
        Diag::usage(format!("{} {}", self.operator, what.as_ref())).at(self.span)
    }

    pub fn source(&mut self, signal: Signal) -> NodeId {
        self.push(Prim::Source, vec![], Type::Signal(signal))
    }

    /// An expression of the inputs at the same place. Inputs without an axis are broadcast along it; those that have
    /// it must agree in sampling. The result has type `dtype` (C32: two results) and the given unit.
    pub fn map<F>(&mut self, inputs: &[NodeId], unit: Unit, dtype: DType, f: F) -> Result<NodeId>
    where
        F: for<'a> FnOnce(&'a Writer) -> Vec<Scalar<'a>>,
    {
        let expr = Expr::write(&self.dtypes(inputs)?, f);
        self.map_expr(inputs, unit, dtype, expr)
    }

    /// The same for an expression that is already written.
    pub fn map_expr(&mut self, inputs: &[NodeId], unit: Unit, dtype: DType, expr: Expr) -> Result<NodeId> {
        let mut signal = self.joined(inputs)?;
        (signal.dtype, signal.unit) = (dtype, unit);
        self.push_checked(Prim::Map(expr), inputs.to_vec(), signal)
    }

    /// The elementwise map that keeps unit and precision: computed by `f` in F32 (F64 for F64 input).
    pub fn map1<F>(&mut self, x: NodeId, unit: Unit, f: F) -> Result<NodeId>
    where
        F: for<'a> FnOnce(Scalar<'a>, &'a Writer) -> Scalar<'a>,
    {
        let dtype = self.real(x)?.float();
        self.map(&[x], unit, dtype, |e| vec![f(e.input(0).to(dtype), e).to(dtype)])
    }

    /// The same values in another real type; nothing if they have it already.
    pub fn convert(&mut self, x: NodeId, dtype: DType) -> Result<NodeId> {
        let signal = self.real(x)?;
        if signal.dtype == dtype {
            return Ok(x);
        }
        let unit = signal.unit.clone();
        self.map(&[x], unit, dtype, |e| vec![e.input(0).to(dtype)])
    }

    /// A recurrence along time. `f` gives the next states, then the result.
    pub fn scan<F>(
        &mut self,
        x: NodeId,
        state: Vec<StateVar>,
        unit: Unit,
        dtype: DType,
        f: F,
    ) -> Result<NodeId>
    where
        F: for<'a> FnOnce(&'a Writer) -> Vec<Scalar<'a>>,
    {
        let types: Vec<DType> = state.iter().map(|s| s.dtype).collect();
        let step = Expr::write_scan(&self.dtypes(&[x])?, &types, f);
        self.scan_expr(x, state, unit, dtype, step)
    }

    /// The same for an expression that is already written.
    pub fn scan_expr(
        &mut self,
        x: NodeId,
        state: Vec<StateVar>,
        unit: Unit,
        dtype: DType,
        step: Expr,
    ) -> Result<NodeId> {
        self.time(x)?;
        let mut signal = self.real(x)?.clone();
        (signal.dtype, signal.unit) = (dtype, unit);
        self.push_checked(Prim::Scan { state, step }, vec![x], signal)
    }

    /// A cascade of second-order sections in transposed direct form II with F64 state (scipy.signal.sosfilt), zero at the segment's start.
    /// `gain` multiplies the input. Multiplications by 0 and ±1 are left out, which changes no bit.
    ///
    /// A sample that is not finite gives NaN at its place and counts as zero in the recurrence, so that it does not poison the lane for ever.
    pub fn biquads(&mut self, x: NodeId, gain: f64, sections: &[Section]) -> Result<NodeId> {
        let (unit, dtype) = (self.signal(x)?.unit.clone(), self.signal(x)?.float());
        let source_is_float = self.signal(x)?.dtype.is_float();
        let state = vec![StateVar { dtype: DType::F64, init: super::Init::Value(0.0) }; 2 * sections.len()];
        self.scan(x, state, unit, dtype, |e| {
            let x = e.input(0).to(DType::F64);
            // Zero for a finite sample, NaN for any other; an integer sample needs no test.
            let missing = source_is_float.then(|| x * e.constant(0.0));
            let zero = e.constant(0.0);
            let x = missing.map_or(x, |missing| missing.eq(zero).select(x, zero));
            let mut y = times(e, gain, x);
            let mut next = Vec::with_capacity(2 * sections.len() + 1);
            for (k, section) in sections.iter().enumerate() {
                let (s1, s2) = (e.state(2 * k), e.state(2 * k + 1));
                let input = y;
                y = add_product(e, section.b[0], input, s1);
                next.push(add_product(e, -section.a[0], y, add_product(e, section.b[1], input, s2)));
                next.push(add_product(e, -section.a[1], y, times(e, section.b[2], input)));
            }
            next.push(missing.map_or(y, |missing| y + missing).to(dtype));
            next
        })
    }

    /// Taps `lo ..= hi` around every `hop`-th row. Result as given; F64 for dots and sums.
    #[allow(clippy::too_many_arguments)]
    pub fn window(
        &mut self,
        x: NodeId,
        along: Role,
        (lo, hi): (i32, i32),
        hop: u32,
        edge: Edge,
        body: WindowBody,
        unit: Unit,
        dtype: DType,
    ) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        if hop == 0 || lo > hi || (along != Role::Time && hop != 1) {
            return Err(self.diag("needs a window of at least one sample and a hop of at least one"));
        }
        if signal.dtype == DType::C32 {
            return Err(self.diag("works on real data, but its input is complex; take ABS first"));
        }
        match along {
            Role::Time => {
                let time = self.time(x)?;
                let rows = time.rows.map(|a, b| window_rows(a, b, lo, hi, hop, edge));
                signal.time =
                    Some(TimeAxis { period: time.period * i64::from(hop).into(), rows, ..time.clone() });
            }
            Role::Channel => self.no_valid_edge(edge, signal.channel.is_some(), "channel")?,
            Role::Inner => return Err(self.diag("slides along time or channels, not along frequency")),
        }
        (signal.dtype, signal.unit) = (dtype, unit);
        self.push_checked(Prim::Window { along, lo, hi, hop, edge, body }, vec![x], signal)
    }

    fn no_valid_edge(&self, edge: Edge, has_axis: bool, name: &str) -> Result<()> {
        if !has_axis {
            return Err(self.diag(format!("needs a {name} axis, which its input does not have")));
        }
        if edge == Edge::Valid {
            return Err(self.diag(format!(
                "needs an edge mode along the {name} axis: zero, nearest, reflect or mirror"
            )));
        }
        Ok(())
    }

    /// An accumulation over all of an axis, which disappears. Sums, means and deviations are F64.
    pub fn reduce(&mut self, x: NodeId, along: Role, how: Reduction, scope: Scope) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        if signal.dtype == DType::C32 {
            return Err(self.diag("works on real data, but its input is complex; take ABS first"));
        }
        let gone = match along {
            Role::Time => signal.time.take().is_some(),
            Role::Inner => signal.inner.take().is_some(),
            Role::Channel => signal.channel.take().is_some(),
        };
        if !gone {
            return Err(
                self.diag(format!("cannot reduce along {}: its input has no such axis", role_name(along)))
            );
        }
        signal.dtype = match how {
            Reduction::Sum | Reduction::Mean | Reduction::Std => DType::F64,
            Reduction::Min | Reduction::Max => signal.float(),
        };
        self.push_checked(Prim::Reduce { along, how, scope }, vec![x], signal)
    }

    /// Positions `start, start + step, … < stop` of an axis, counted from its start. Along time a slice keeps the record's row index
    /// (unless `step` > 1, which starts a new index at the first kept row).
    pub fn slice(&mut self, x: NodeId, along: Role, start: u64, stop: u64, step: u32) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let empty = |len: u64, builder: &Builder| {
            builder.diag(format!("selects nothing: {start}..{stop} of an axis of length {len}"))
        };
        if step == 0 {
            return Err(self.diag("needs a step of at least 1"));
        }
        let kept = |len: u64| {
            let stop = stop.min(len);
            (start < stop).then(|| ((stop - start).div_ceil(step.into())) as u32)
        };
        match along {
            Role::Time => {
                let time = self.time(x)?.clone();
                let (base, rows) = slice_rows(&time.rows, start, stop, step);
                if rows.count() == Some(0) {
                    return Err(empty(time.rows.count().unwrap_or(0), self));
                }
                let origin = time.origin + time.period * base.into();
                signal.time = Some(TimeAxis { period: time.period * i64::from(step).into(), origin, rows });
            }
            Role::Channel => {
                let axis = signal.channel.as_mut().ok_or_else(|| self.diag("needs a channel axis"))?;
                let len = kept(axis.len.into()).ok_or_else(|| empty(axis.len.into(), self))?;
                let chosen = |p: &std::sync::Arc<[f64]>| {
                    p.iter().skip(start as usize).step_by(step as usize).take(len as usize).copied().collect()
                };
                *axis = super::ChannelAxis {
                    len,
                    first: axis.first + start as i64 * axis.stride,
                    stride: axis.stride * i64::from(step),
                    distance: axis.distance + start as f64 * axis.spacing,
                    spacing: axis.spacing * f64::from(step),
                    positions: axis.positions.as_ref().map(chosen),
                };
            }
            Role::Inner => {
                let axis = signal.inner.as_mut().ok_or_else(|| self.diag("needs a frequency axis"))?;
                axis.len = kept(axis.len.into()).ok_or_else(|| empty(axis.len.into(), self))?;
                axis.start += start as f64 * axis.step;
                axis.step *= f64::from(step);
            }
        }
        self.push_checked(Prim::View(View::Slice { along, start, stop, step }), vec![x], signal)
    }

    /// Frames of `n` rows, frame `j` from row `j * hop + lo`: a new inner axis. `Edge::Zero` has frames until the segment is covered
    /// (scipy.signal.stft with `boundary='zeros', padded=True` for `lo = −n/2`), `Edge::Valid` only whole ones.
    pub fn frame(&mut self, x: NodeId, n: u32, hop: u32, lo: i32, edge: Edge) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let time = self.time(x)?.clone();
        if n == 0 || hop == 0 {
            return Err(self.diag("needs a frame and a hop of at least one sample"));
        }
        if signal.inner.is_some() {
            return Err(self.diag("needs a plain time series, but its input is already cut into frames"));
        }
        if let Some(longest) = time.rows.longest()
            && u64::from(n) > longest
        {
            let message =
                format!("needs a frame no longer than the record: {n} samples, but the record has {longest}");
            return Err(self.diag(message).help(format!("the largest possible frame is {longest}")));
        }
        let rows = time.rows.map(|a, b| frame_rows(a, b, n, hop, lo, edge));
        signal.inner = Some(InnerAxis {
            role: InnerRole::Frame,
            len: n,
            start: f64::from(lo) * time.period.as_f64(),
            step: time.period.as_f64(),
            unit: Unit::parse("s").unwrap_or_else(Unit::none),
        });
        signal.time = Some(TimeAxis { period: time.period * i64::from(hop).into(), rows, ..time });
        self.push_checked(Prim::View(View::Frame { n, hop, lo, edge }), vec![x], signal)
    }

    /// Lays frames back at `j * hop + lo` and adds them. `rows` is the time axis of what was framed.
    pub fn overlap_add(&mut self, x: NodeId, hop: u32, lo: i32, time: TimeAxis) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        if signal.inner.take().is_none() || hop == 0 {
            return Err(self.diag("needs frames to overlap and add"));
        }
        if !signal.dtype.is_float() {
            return Err(self.diag("overlaps and adds frames of real numbers"));
        }
        signal.time = Some(time);
        self.push_checked(Prim::View(View::OverlapAdd { hop, lo }), vec![x], signal)
    }

    /// An FFT of frames along the inner axis, or of the whole segment along time (`Analytic` keeps the axis, the others turn it into frequency).
    pub fn transform(&mut self, x: NodeId, kind: TransformKind, along: Role) -> Result<NodeId> {
        let mut signal = self.real(x)?.clone();
        let (n, step) = match along {
            Role::Inner => {
                let axis = signal.inner.as_ref().ok_or_else(|| self.diag("needs frames to transform"))?;
                (axis.len, axis.step)
            }
            Role::Time => {
                let time = self.time(x)?;
                if let Rows::Segments(ranges) = &time.rows
                    && kind == TransformKind::Forward
                    && ranges.iter().filter(|(a, b)| a < b).count() > 1
                {
                    return Err(self
                        .diag("needs a record without gaps, which this one is not")
                        .help("take a stretch between two gaps with SLICE first, or use STFT"));
                }
                if signal.inner.is_some() && kind == TransformKind::Forward {
                    return Err(
                        self.diag("needs a plain time series, but its input is already cut into frames")
                    );
                }
                let whole = match time.rows.count() {
                    Some(n) => n,
                    None => {
                        return Err(self
                            .diag("needs the whole record, which a live stream never has")
                            .help("use STFT, whose frames stream"));
                    }
                };
                let n = u32::try_from(whole).map_err(|_| {
                    self.diag(format!("cannot transform {whole} samples at once; 4294967295 are possible"))
                })?;
                (n, time.period.as_f64())
            }
            Role::Channel => return Err(self.diag("does not transform along channels")),
        };
        let hertz = |len: u32| InnerAxis {
            role: InnerRole::Frequency,
            len,
            start: 0.0,
            step: 1.0 / (f64::from(n) * step),
            unit: Unit::parse("Hz").unwrap_or_else(Unit::none),
        };
        match (kind, along) {
            (TransformKind::Forward, Role::Inner) => signal.inner = Some(hertz(n / 2 + 1)),
            (TransformKind::Forward, _) => {
                signal.time = None;
                signal.inner = Some(hertz(n / 2 + 1));
            }
            (TransformKind::Analytic, _) => {}
            (TransformKind::Inverse, _) => return Err(self.diag("has an inverse only through ISTFT")),
        }
        signal.dtype = DType::C32;
        self.push_checked(Prim::Transform { kind, along, n }, vec![x], signal)
    }

    /// The inverse of a forward transform along the inner axis: frequencies back to frames of `n` samples that begin `start` seconds
    /// after the frame's row.
    pub fn inverse(&mut self, x: NodeId, n: u32, start: f64) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let complex = signal.dtype == DType::C32;
        let axis = signal.inner.as_mut().ok_or_else(|| self.diag("needs frequencies to transform back"))?;
        if axis.role != InnerRole::Frequency || !complex {
            return Err(self.diag("transforms complex frequencies back, but its input is something else"));
        }
        if n == 0 || axis.len != n / 2 + 1 {
            return Err(self.diag(format!(
                "needs {} frequencies for frames of {n} samples, but its input has {}",
                n / 2 + 1,
                axis.len
            )));
        }
        *axis = InnerAxis {
            role: InnerRole::Frame,
            len: n,
            start,
            step: 1.0 / (f64::from(n) * axis.step),
            unit: Unit::parse("s").unwrap_or_else(Unit::none),
        };
        signal.dtype = DType::F32;
        self.push_checked(
            Prim::Transform { kind: TransformKind::Inverse, along: Role::Inner, n },
            vec![x],
            signal,
        )
    }

    /// The given channels, by position.
    pub fn gather(&mut self, x: NodeId, channels: Vec<u32>) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let axis = signal.channel.as_mut().ok_or_else(|| self.diag("needs a channel axis"))?;
        if channels.is_empty() || channels.iter().any(|c| *c >= axis.len) {
            return Err(Diag::compiler("a gather picks channels that do not exist"));
        }
        let positions: Vec<f64> = channels.iter().map(|c| axis.distance_at(*c)).collect();
        axis.positions = Some(positions.into());
        axis.len = channels.len() as u32;
        self.push_checked(Prim::Gather { channels }, vec![x], signal)
    }

    /// Records of where a level exceeds a threshold.
    pub fn emit(&mut self, level: NodeId, emission: Emission) -> Result<NodeId> {
        let signal = self.signal(level)?;
        if signal.time.is_none() || signal.inner.is_some() || !signal.dtype.is_float() {
            return Err(Diag::compiler("a detection watches one real level per channel and row"));
        }
        Ok(self.push(Prim::Emit(emission), vec![level], Type::Table))
    }

    /// Says that row 0 lies at another instant than the window's centre, for instance in the middle of a block.
    pub fn shift_origin(&mut self, x: NodeId, seconds: Rational) {
        if let Type::Signal(Signal { time: Some(time), .. }) = &mut self.graph.nodes[x.index()].ty {
            time.origin = time.origin + seconds;
        }
    }

    /// Takes the node just built away again, leaving `before` nodes.
    pub(super) fn take(&mut self, built: NodeId, before: usize) -> Option<Node> {
        let node = self.graph.nodes.drain(before..).next_back();
        node.filter(|_| built.index() == before)
    }

    /// Takes over a node that exists already, so that the nodes after it can be inferred from it.
    pub(super) fn adopt(&mut self, node: Node) {
        self.graph.nodes.push(node);
    }

    fn dtypes(&self, inputs: &[NodeId]) -> Result<Vec<DType>> {
        inputs.iter().map(|x| self.signal(*x).map(|s| s.dtype)).collect()
    }

    /// The axes of an elementwise combination.
    fn joined(&self, inputs: &[NodeId]) -> Result<Signal> {
        let mut joined = match inputs.first() {
            Some(first) => self.signal(*first)?.clone(),
            None => return Err(Diag::compiler("a map has no input")),
        };
        for input in &inputs[1..] {
            let other = self.signal(*input)?;
            match (&mut joined.time, &other.time) {
                (Some(a), Some(b)) if a.period == b.period && a.origin != b.origin => {
                    let message = format!(
                        "joins branches whose samples lie {:.9} s apart",
                        (b.origin - a.origin).as_f64()
                    );
                    return Err(self.diag(message).help("bring both branches to the same instants first"));
                }
                (Some(a), Some(b)) if a.period != b.period => {
                    let message = format!(
                        "joins branches sampled at {:.6} Hz and {:.6} Hz",
                        1.0 / a.period.as_f64(),
                        1.0 / b.period.as_f64()
                    );
                    return Err(self
                        .diag(message)
                        .help("bring both branches to one rate first, for instance with DECIMATE"));
                }
                // Rows that only one branch has do not exist in the result.
                (Some(a), Some(b)) => a.rows = intersect(&a.rows, &b.rows),
                (None, Some(b)) => joined.time = Some(b.clone()),
                (_, None) => {}
            }
            if let Some(axis) = &other.inner {
                if joined.inner.as_ref().is_some_and(|a| a.len != axis.len) {
                    return Err(self.diag("joins branches with different frequencies"));
                }
                joined.inner.get_or_insert_with(|| axis.clone());
            }
            if let Some(axis) = &other.channel {
                if joined.channel.as_ref().is_some_and(|a| a.len != axis.len) {
                    return Err(self.diag("joins branches with different channels"));
                }
                joined.channel.get_or_insert_with(|| axis.clone());
            }
        }
        Ok(joined)
    }

    fn push_checked(&mut self, prim: Prim, inputs: Vec<NodeId>, signal: Signal) -> Result<NodeId> {
        if let Some(time) = &signal.time
            && time.rows.count() == Some(0)
        {
            return Err(self.diag("leaves no samples: the record is shorter than the window needs"));
        }
        Ok(self.push(prim, inputs, Type::Signal(signal)))
    }

    fn push(&mut self, prim: Prim, inputs: Vec<NodeId>, ty: Type) -> NodeId {
        let node = Node { prim, inputs, ty, operator: self.operator.clone(), span: self.span };
        self.graph.nodes.push(node);
        NodeId(self.graph.nodes.len() as u32 - 1)
    }
}

/// `k · x`, without the multiplication when `k` is 1, −1.
fn times<'a>(e: &'a Writer, k: f64, x: Scalar<'a>) -> Scalar<'a> {
    match k {
        1.0 => x,
        -1.0 => -x,
        _ => e.constant(k) * x,
    }
}

/// `k · x + y` rounded once; exact shortcuts for 0 and ±1.
fn add_product<'a>(e: &'a Writer, k: f64, x: Scalar<'a>, y: Scalar<'a>) -> Scalar<'a> {
    match k {
        0.0 => y,
        1.0 => x + y,
        -1.0 => y - x,
        _ => e.constant(k).fma(x, y),
    }
}

pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Time => "time",
        Role::Inner => "frequency",
        Role::Channel => "channel",
    }
}

/// Rounded towards +∞, `d > 0`.
pub fn div_ceil(n: i64, d: i64) -> i64 {
    -(-n).div_euclid(d)
}

/// Rows of a window over input rows `a .. b`: those whose centre exists, or with `Valid` whose taps all do.
pub fn window_rows(a: i64, b: i64, lo: i32, hi: i32, hop: u32, edge: Edge) -> (i64, i64) {
    let hop = i64::from(hop);
    match edge {
        Edge::Valid => (div_ceil(a - i64::from(lo), hop), (b - 1 - i64::from(hi)).div_euclid(hop) + 1),
        Edge::Zero | Edge::Nearest | Edge::Reflect | Edge::Mirror => (div_ceil(a, hop), div_ceil(b, hop)),
    }
}

/// Frames over input rows `a .. b`.
pub fn frame_rows(a: i64, b: i64, n: u32, hop: u32, lo: i32, edge: Edge) -> (i64, i64) {
    match edge {
        Edge::Valid => window_rows(a, b, lo, lo + n as i32 - 1, hop, Edge::Valid),
        // The last frame is the first that covers the end padded by half a frame, as in scipy.
        Edge::Zero | Edge::Nearest | Edge::Reflect | Edge::Mirror => {
            (div_ceil(a, hop.into()), div_ceil(b - i64::from(n % 2), hop.into()) + 1)
        }
    }
}

/// The input row that row 0 of the slice is, and the slice's rows.
pub fn slice_rows(rows: &Rows, start: u64, stop: u64, step: u32) -> (i64, Rows) {
    let first = match rows {
        Rows::Segments(ranges) => ranges.first().map_or(0, |r| r.0),
        Rows::From(start) => *start,
    };
    let clamp =
        |offset: u64| first.saturating_add(i64::try_from(offset).unwrap_or(i64::MAX / 4).min(i64::MAX / 4));
    let (from, to) = (clamp(start), clamp(stop));
    let base = if step == 1 { 0 } else { from };
    let step = i64::from(step);
    (base, rows.map(|a, b| (div_ceil(a.max(from) - base, step), div_ceil(b.min(to) - base, step))))
}

pub fn intersect(a: &Rows, b: &Rows) -> Rows {
    match (a, b) {
        (Rows::Segments(a), Rows::Segments(b)) => Rows::Segments(
            a.iter().zip(b).map(|(x, y)| (x.0.max(y.0), x.1.min(y.1).max(x.0.max(y.0)))).collect(),
        ),
        (Rows::From(a), Rows::From(b)) => Rows::From(*a.max(b)),
        (Rows::Segments(_), Rows::From(_)) => a.clone(),
        (Rows::From(_), Rows::Segments(_)) => b.clone(),
    }
}
