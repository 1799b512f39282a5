//! Views: the same numbers at other indices.

use super::{Builder, frame_rows, slice_rows};
use crate::graph::NodeId;
use crate::graph::axis::{ChannelAxis, InnerAxis, InnerRole, Labels, TimeAxis};
use crate::graph::expr::{Expr, stored};
use crate::graph::prim::{Edge, Prim, Role, View, WindowBody};
use crate::{DType, Diag, Result, Unit};

/// Where position `i` of a list lies, or would lie beyond its ends.
pub(super) fn place_at(positions: &[f64], step: f64, i: i64) -> f64 {
    let within = i.clamp(0, positions.len().max(1) as i64 - 1);
    positions.get(within as usize).copied().unwrap_or(0.0) + (i - within) as f64 * step
}

/// The most positions of an inner axis that is extended.
const LONGEST_INNER: u32 = 1 << 26;

impl Builder {
    /// Positions `start, start + step, … < stop` of an axis, counted from its start. Along time a slice keeps the record's row index
    /// (unless `step` > 1, which starts a new index at the first kept row).
    pub fn slice(&mut self, x: NodeId, along: Role, start: u64, stop: u64, step: u32) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let empty = |len: u64, builder: &Builder| {
            builder.diag(format!("selects nothing: {start}..{stop} of an axis of length {len}")).help(
                "choose a range that begins before the axis ends; dasc explain shows the lengths of all axes",
            )
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
                *axis = ChannelAxis {
                    len,
                    first: axis.first + start as i64 * axis.stride,
                    stride: axis.stride * i64::from(step),
                    distance: axis.distance + start as f64 * axis.spacing,
                    spacing: axis.spacing * f64::from(step),
                    positions: axis.positions.as_ref().map(chosen),
                    labels: match &axis.labels {
                        Labels::Numbers(numbers) => Labels::Numbers(
                            numbers
                                .iter()
                                .skip(start as usize)
                                .step_by(step as usize)
                                .take(len as usize)
                                .copied()
                                .collect(),
                        ),
                        Labels::Regular | Labels::Wavenumbers { .. } => Labels::Regular,
                    },
                };
            }
            Role::Inner => {
                let axis = signal.inner.as_mut().ok_or_else(|| self.diag("needs a frequency axis"))?;
                axis.len = kept(axis.len.into()).ok_or_else(|| empty(axis.len.into(), self))?;
                let chosen = |p: &std::sync::Arc<[f64]>| {
                    let kept = p.iter().skip(start as usize).step_by(step as usize);
                    kept.take(axis.len as usize).copied().collect()
                };
                axis.positions = axis.positions.as_ref().map(chosen);
                axis.start += start as f64 * axis.step;
                axis.step *= f64::from(step);
            }
        }
        self.push_checked(Prim::View(View::Slice { along, start, stop, step }), vec![x], signal)
    }

    /// Frames of `n` rows, frame `j` from row `j * hop + lo`: a new inner axis. `Edge::Zero` has frames until the segment is covered
    /// (scipy.signal.stft with `boundary='zeros', padded=True` for `lo = −n/2`), `Edge::Valid` only whole ones, `Edge::Cover` every one that touches
    /// the segment, so that a frame may even be longer.
    pub fn frame(&mut self, x: NodeId, n: u32, hop: u32, lo: i32, edge: Edge) -> Result<NodeId> {
        self.frame_padded(x, n, hop, lo, edge, edge == Edge::Zero)
    }

    /// The same, where it is said whether a last frame may run over (`padded`, of `Edge::Zero`): without, frames stay within the segment and
    /// the `−lo` rows beyond either end.
    pub fn frame_padded(
        &mut self,
        x: NodeId,
        n: u32,
        hop: u32,
        lo: i32,
        edge: Edge,
        padded: bool,
    ) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let time = self.time(x)?.clone();
        if n == 0 || hop == 0 {
            return Err(self.diag("needs a frame and a hop of at least one sample"));
        }
        if signal.inner.is_some() {
            return Err(self.diag("needs a plain time series, but its input is already cut into frames"));
        }
        if padded && edge != Edge::Zero {
            return Err(Diag::compiler("only frames with zeros beyond the ends can run over"));
        }
        if let Some(longest) = time.rows.longest()
            && u64::from(n) > longest
            && edge != Edge::Cover
        {
            let message =
                format!("needs a frame no longer than the record: {n} samples, but the record has {longest}");
            return Err(self.diag(message).help(format!("the largest possible frame is {longest}")));
        }
        let rows = time.rows.map(|a, b| frame_rows(a, b, n, hop, lo, edge, padded));
        signal.inner = Some(InnerAxis {
            role: InnerRole::Frame,
            len: n,
            start: f64::from(lo) * time.period.as_f64(),
            step: time.period.as_f64(),
            unit: Unit::parse("s").unwrap_or_else(Unit::none),
            positions: None,
        });
        signal.time = Some(TimeAxis { period: time.period * i64::from(hop).into(), rows, ..time });
        self.push_checked(Prim::View(View::Frame { n, hop, lo, edge, padded }), vec![x], signal)
    }

    /// Lays frames back at `j * hop + lo` and adds them. `time` is the time axis of what was framed.
    pub fn overlap_add(&mut self, x: NodeId, hop: u32, lo: i32, time: TimeAxis) -> Result<NodeId> {
        self.overlap_mean(x, hop, lo, Vec::new(), time)
    }

    /// The same, each row divided by the sum of the weights (one for each position of a frame) of the positions that lie there.
    pub fn overlap_mean(
        &mut self,
        x: NodeId,
        hop: u32,
        lo: i32,
        weights: Vec<f64>,
        time: TimeAxis,
    ) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let frame = match signal.inner.take() {
            Some(axis) if hop > 0 => axis.len as usize,
            Some(_) | None => return Err(self.diag("needs frames to overlap and add")),
        };
        if !weights.is_empty() && weights.len() != frame {
            return Err(Diag::compiler("an overlap-add has one weight for each position of a frame"));
        }
        if !signal.dtype.is_float() {
            return Err(self.diag("overlaps and adds frames of real numbers"));
        }
        signal.time = Some(time);
        self.push_checked(Prim::View(View::OverlapAdd { hop, lo, weights }), vec![x], signal)
    }

    /// So many positions more before and after the inner axis (fewer, if negative), filled as the edge says.
    pub fn widen(&mut self, x: NodeId, before: i32, after: i32, edge: Edge) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let axis = signal.inner.as_mut().ok_or_else(|| self.diag("needs a frequency axis"))?;
        if edge == Edge::Odd || (edge == Edge::Valid && (before > 0 || after > 0)) {
            return Err(Diag::compiler("an axis grows only with an edge that says what lies there"));
        }
        let len = i64::from(axis.len) + i64::from(before) + i64::from(after);
        if len < 1 || len > i64::from(LONGEST_INNER) {
            return Err(self.diag(format!(
                "needs 1 to {LONGEST_INNER} positions along its axis of {} once its window reaches beyond it, not {len}",
                axis.len
            )));
        }
        axis.positions = axis.positions.as_ref().map(|positions| {
            (0..len).map(|i| place_at(positions, axis.step, i - i64::from(before))).collect()
        });
        axis.start -= f64::from(before) * axis.step;
        axis.len = len as u32;
        self.push_checked(Prim::View(View::Widen { before, after, edge }), vec![x], signal)
    }

    /// So many rows more before and after every segment. `Edge::Odd` mirrors through the end values, as scipy.signal.sosfiltfilt does;
    /// it needs floats and segments of more rows than it adds to either end.
    pub fn extend(&mut self, x: NodeId, (before, after): (u32, u32), edge: Edge) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let time = self.time(x)?;
        match edge {
            Edge::Odd if !signal.dtype.is_float() => {
                return Err(self.diag("mirrors real numbers through the ends of a segment"));
            }
            Edge::Odd => {
                let rows = before.max(after);
                if let Some(shortest) = time.rows.shortest()
                    && shortest <= u64::from(rows)
                {
                    return Err(self
                        .diag(format!(
                            "needs stretches of more than {rows} samples, by so many it extends them at either end, but the record has one of {shortest}"
                        ))
                        .help(format!("SLICE TIME=from..to chooses a stretch of at least {} samples", rows + 1)));
                }
            }
            Edge::Zero | Edge::Nearest | Edge::Reflect | Edge::Mirror => {}
            Edge::Valid | Edge::Cover => return Err(self.diag("extends nothing without an edge mode")),
        }
        let (more_before, more_after) = (i64::from(before), i64::from(after));
        let rows = time.rows.map(|a, b| (a.saturating_sub(more_before), b.saturating_add(more_after)));
        signal.time = Some(TimeAxis { rows, ..time.clone() });
        self.push_checked(Prim::View(View::Extend { before, after, edge }), vec![x], signal)
    }

    /// What [`Builder::extend`] added taken away again: `rows` rows less at either end of every segment.
    pub fn trim(&mut self, x: NodeId, rows: u32) -> Result<NodeId> {
        let (unit, dtype) = (self.real(x)?.unit.clone(), stored(self.real(x)?.dtype));
        let reach = i32::try_from(rows).map_err(|_| self.diag(format!("cannot take away {rows} samples")))?;
        let middle = Expr::write(&[self.real(x)?.dtype], |e| vec![e.tap(0, 0).to(dtype)]);
        let body = WindowBody::Stencil(middle);
        self.window(x, Role::Time, (-reach, reach), 1, Edge::Valid, body, unit, dtype)
    }

    /// Every segment backwards, its rows where they were. A live stream, whose end never comes, is refused.
    pub fn reverse(&mut self, x: NodeId) -> Result<NodeId> {
        // What loops compute is stored wider than I16, and what is stored is read back as it is.
        let x = match self.signal(x)?.dtype {
            DType::I16 => self.convert(x, DType::I32)?,
            DType::Bool | DType::I32 | DType::I64 | DType::F32 | DType::F64 | DType::C32 => x,
        };
        let signal = self.signal(x)?.clone();
        if self.time(x)?.rows.count().is_none() {
            return Err(self.diag("runs backwards over the record, which a live stream never completes"));
        }
        self.push_checked(Prim::View(View::Reverse), vec![x], signal)
    }

    /// The given channels, by position.
    pub fn gather(&mut self, x: NodeId, channels: Vec<u32>) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        let axis = signal.channel.as_mut().ok_or_else(|| self.diag("needs a channel axis"))?;
        if channels.is_empty() || channels.iter().any(|c| *c >= axis.len) {
            return Err(Diag::compiler("a gather picks channels that do not exist"));
        }
        let positions: Vec<f64> = channels.iter().map(|c| axis.distance_at(*c)).collect();
        let numbers: Vec<i64> = channels.iter().map(|c| axis.number(*c)).collect();
        // Numbers in equal steps need no list.
        let step = |pair: &[i64]| pair[1] - pair[0];
        let regular = numbers.windows(2).all(|pair| step(pair) != 0 && step(pair) == step(&numbers[..2]));
        axis.first = numbers[0];
        axis.stride = if regular && numbers.len() > 1 { step(&numbers[..2]) } else { axis.stride };
        axis.spacing = match positions[..] {
            [a, b, ..] if regular => b - a,
            _ => axis.spacing,
        };
        axis.distance = positions[0];
        axis.labels = if regular { Labels::Regular } else { Labels::Numbers(numbers.into()) };
        axis.positions = Some(positions.into());
        axis.len = channels.len() as u32;
        self.push_checked(Prim::Gather { channels }, vec![x], signal)
    }
}
