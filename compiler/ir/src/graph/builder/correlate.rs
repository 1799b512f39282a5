//! Correlation of frames.

use super::Builder;
use crate::graph::NodeId;
use crate::graph::axis::{InnerAxis, InnerRole};
use crate::graph::prim::Prim;
use crate::{DType, Diag, Result, Unit};

impl Builder {
    /// Frames of `x` against `t`: position `lag` of the new inner axis is `Σ t[k] · x[k + lag]` over all `k` where both exist, for lags
    /// `lo ..= hi`, in F64. `t` is frames at the same rows, or has no time axis; without a channel axis it serves every channel.
    /// With `lo = 0` and `hi` the difference of the lengths these are the sums that lie wholly within (scipy.signal.correlate,
    /// mode="valid"); from `1 − t` to `x − 1` all (mode="full").
    pub fn correlate(&mut self, x: NodeId, t: NodeId, (lo, hi): (i32, i32)) -> Result<NodeId> {
        let (a, b) = (self.real(x)?.clone(), self.real(t)?.clone());
        let Some(frame) = &a.inner else {
            return Err(self.diag("needs frames to correlate"));
        };
        if lo > hi || b.inner.is_none() || !a.dtype.is_float() || !b.dtype.is_float() {
            return Err(Diag::compiler("a correlation is of two frames of floats, over at least one lag"));
        }
        let mut signal = self.joined_rows(&[x, t])?;
        signal.inner = Some(InnerAxis {
            role: InnerRole::Lag,
            len: (i64::from(hi) - i64::from(lo) + 1).try_into().unwrap_or(u32::MAX),
            start: f64::from(lo) * frame.step,
            step: frame.step,
            unit: frame.unit.clone(),
            positions: None,
        });
        signal.unit = product(&a.unit, &b.unit);
        signal.dtype = DType::F64;
        self.push_checked(Prim::Correlate { lo, hi }, vec![x, t], signal)
    }
}

fn product(a: &Unit, b: &Unit) -> Unit {
    if *b == Unit::none() {
        return a.clone();
    }
    Unit::parse(&format!("{a}*{b}")).unwrap_or_else(Unit::none)
}
