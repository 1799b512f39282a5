//! Windows and reductions: many elements of an axis become one.

use super::view::place_at;
use super::{Builder, role_name, window_rows};
use crate::graph::NodeId;
use crate::graph::axis::TimeAxis;
use crate::graph::prim::{Edge, Prim, Reduction, Role, Scope, WindowBody};
use crate::{DType, Result, Unit};

impl Builder {
    /// Taps `lo ..= hi` around every `hop`-th row, channel or inner position. Result as given; F64 for dots and sums.
    ///
    /// Along the inner axis the axis is extended first as the edge says; with `Valid` it gets shorter by the window's length less one.
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
        if hop == 0 || lo > hi || (along == Role::Channel && hop != 1) {
            return Err(self.diag("needs a window of at least one sample and a hop of at least one"));
        }
        if signal.dtype == DType::C32 {
            return Err(self.diag("works on real data, but its input is complex; take ABS first"));
        }
        if let WindowBody::Rank(rank) = body {
            if u64::from(rank) > u64::from(hi.abs_diff(lo)) || hop != 1 {
                return Err(self.diag("picks a rank among the taps of a window, for every row"));
            }
            if signal.dtype != dtype || ordered(dtype) != dtype {
                let x = self.convert(x, dtype)?;
                return self.window(x, along, (lo, hi), hop, edge, body, unit, dtype);
            }
            if along == Role::Time && edge != Edge::Valid {
                let reach = (lo.min(0).unsigned_abs(), hi.max(0).unsigned_abs());
                let x = self.extend(x, reach, edge)?;
                return self.window(x, along, (lo, hi), hop, Edge::Valid, body, unit, dtype);
            }
        }
        match along {
            Role::Time => {
                let time = self.time(x)?;
                let rows = time.rows.map(|a, b| window_rows(a, b, lo, hi, hop, edge));
                signal.time =
                    Some(TimeAxis { period: time.period * i64::from(hop).into(), rows, ..time.clone() });
            }
            Role::Channel => self.no_valid_edge(edge, signal.channel.is_some(), "channel")?,
            Role::Inner if edge != Edge::Valid => {
                self.no_valid_edge(edge, signal.inner.is_some(), "frequency")?;
                let before = lo.checked_neg().ok_or_else(|| self.diag("reaches too far back"))?;
                let extended = self.widen(x, before, hi, edge)?;
                return self.window(extended, along, (lo, hi), hop, Edge::Valid, body, unit, dtype);
            }
            Role::Inner => {
                let axis = signal.inner.as_mut().ok_or_else(|| self.diag("needs a frequency axis"))?;
                let taps = u64::from(hi.abs_diff(lo)) + 1;
                if taps > u64::from(axis.len) {
                    return Err(self.diag(format!(
                        "needs a window no longer than the axis: {taps} positions, but there are {}",
                        axis.len
                    )));
                }
                let last = (u64::from(axis.len) - taps) / u64::from(hop);
                let len = u32::try_from(last + 1).unwrap_or(u32::MAX);
                axis.positions = axis.positions.as_ref().map(|positions| {
                    let at = |k: i64| place_at(positions, axis.step, k * i64::from(hop) - i64::from(lo));
                    (0..i64::from(len)).map(at).collect()
                });
                axis.len = len;
                axis.start -= f64::from(lo) * axis.step;
                axis.step *= f64::from(hop);
            }
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

    /// An accumulation over all of an axis, which disappears. Sums, means, deviations and quantiles are F64.
    pub fn reduce(&mut self, x: NodeId, along: Role, how: Reduction, scope: Scope) -> Result<NodeId> {
        let mut signal = self.signal(x)?.clone();
        if signal.dtype == DType::C32 {
            return Err(self.diag("works on real data, but its input is complex; take ABS first"));
        }
        if let Reduction::Quantile(_) = how {
            let float = ordered(signal.dtype);
            if float != signal.dtype {
                let x = self.convert(x, float)?;
                return self.reduce(x, along, how, scope);
            }
        }
        let gone = match along {
            Role::Time => signal.time.take().is_some(),
            Role::Inner => signal.inner.take().is_some(),
            Role::Channel => signal.channel.take().is_some(),
        };
        if !gone {
            return Err(self
                .diag(format!("cannot reduce along {}: its input has no such axis", role_name(along)))
                .help(match along {
                    Role::Inner => "STFT, FFT and CWT have frequencies; or choose another AXIS",
                    Role::Time | Role::Channel => "a step before took that axis away; choose another AXIS",
                }));
        }
        signal.dtype = match how {
            Reduction::Sum | Reduction::Mean | Reduction::Std | Reduction::Quantile(_) => DType::F64,
            Reduction::Min | Reduction::Max => signal.float(),
        };
        self.push_checked(Prim::Reduce { along, how, scope }, vec![x], signal)
    }
}

/// The float type in which numbers are put in order, each exactly what it was.
const fn ordered(dtype: DType) -> DType {
    match dtype {
        DType::F32 | DType::I16 => DType::F32,
        DType::F64 | DType::I32 | DType::I64 | DType::Bool | DType::C32 => DType::F64,
    }
}
