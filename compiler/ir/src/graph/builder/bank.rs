//! Several results a row: banks of filters over the same taps, and signals joined side by side.

use super::{Builder, bank_rows};
use crate::graph::NodeId;
use crate::graph::axis::{InnerAxis, TimeAxis};
use crate::graph::prim::{Edge, Prim, Role, View, WindowBody};
use crate::{DType, Diag, Result, Unit};

/// Inputs of a join, and stretches of equal length it is copied in.
const MOST_JOINED: u64 = 1024;

impl Builder {
    /// Several filters over the taps `lo ..= hi` around every `hop`-th row: position `p` of the new inner axis at row `i` is
    /// `Σ coefficients[p][k] · x[i * hop + lo + k]`, summed in F64 in order. `axis` says what the positions are.
    #[allow(clippy::too_many_arguments)]
    pub fn bank(
        &mut self,
        x: NodeId,
        (lo, hi): (i32, i32),
        hop: u32,
        edge: Edge,
        coefficients: Vec<Vec<f64>>,
        axis: InnerAxis,
        unit: Unit,
        dtype: DType,
    ) -> Result<NodeId> {
        let mut signal = self.real(x)?.clone();
        if hop == 0 || lo > hi || coefficients.is_empty() {
            return Err(self.diag("needs a filter of at least one sample and a hop of at least one"));
        }
        if signal.inner.is_some() {
            return Err(self.diag("needs a plain time series, but its input is already cut into frames"));
        }
        let time = self.time(x)?;
        let rows = time.rows.map(|a, b| bank_rows(a, b, lo, hi, hop, edge));
        signal.time = Some(TimeAxis { period: time.period * i64::from(hop).into(), rows, ..time.clone() });
        signal.inner = Some(axis);
        (signal.dtype, signal.unit) = (dtype, unit);
        let body = WindowBody::Bank(coefficients);
        self.push_checked(Prim::Window { along: Role::Time, lo, hi, hop, edge, body }, vec![x], signal)
    }

    /// Lays signals side by side along a new inner axis, in order. They are at the same instants and of one type; what lacks the time or
    /// channel axis holds throughout it, rows that only one has do not exist in the result, and what has no inner axis takes one position.
    pub fn join(&mut self, inputs: &[NodeId], axis: InnerAxis) -> Result<NodeId> {
        let mut lens = Vec::with_capacity(inputs.len());
        for input in inputs {
            lens.push(u64::from(self.signal(*input)?.inner_len()));
        }
        let total: u64 = lens.iter().sum();
        if total != u64::from(axis.len) {
            return Err(Diag::compiler(format!("a join of {total} positions has an axis of {}", axis.len)));
        }
        let pieces = total / joined_stretch(lens.iter().copied()).max(1);
        if pieces > MOST_JOINED {
            return Err(self.diag(format!("lays {pieces} pieces side by side; {MOST_JOINED} are possible")));
        }
        let mut signal = self.joined_rows(inputs)?;
        for input in &inputs[1..] {
            let other = self.signal(*input)?;
            if other.dtype != signal.dtype {
                return Err(Diag::compiler("a join of different element types"));
            }
            if other.unit != signal.unit {
                let message =
                    format!("lays {} beside {}, which are different units", other.unit, signal.unit);
                return Err(self.diag(message).help("bring both to one unit first, for instance with SCALE"));
            }
        }
        signal.inner = Some(axis);
        self.push_checked(Prim::View(View::Join), inputs.to_vec(), signal)
    }
}

/// The longest stretch of which the inner axes of a join's inputs are multiples: what one loop copies at a time.
pub fn joined_stretch(lens: impl Iterator<Item = u64>) -> u64 {
    lens.fold(0, |a, b| {
        let (mut a, mut b) = (a, b);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    })
}
