//! Views: the same numbers at other indices.

use super::{Builder, frame_rows, slice_rows};
use crate::graph::NodeId;
use crate::graph::axis::{ChannelAxis, InnerAxis, InnerRole, Labels, TimeAxis};
use crate::graph::prim::{Edge, Prim, Role, View};
use crate::{Diag, Result, Unit};

impl Builder {
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
            positions: None,
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
