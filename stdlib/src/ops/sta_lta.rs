//! Ratio of a short to a long average of the power: the classic onset detector.

use dasc_ir::graph::{Builder, Init, NodeId, Role, StateVar};
use dasc_ir::parameter::Extent;
use dasc_ir::{DType, Result, Unit, choice, operator};

use super::Operator;
use super::rms::trailing_energy;
use crate::pieces::extent::samples;

choice! {
    /// How averages are taken.
    Averaging { Recursive = "recursive", Classic = "classic" }
}

/// Below this a long average counts as silence.
const SILENCE: f64 = 1e-300;

operator! {
    /// The average of the squared data over a short window divided by that over a long one; no unit.
    ///
    /// `recursive` averages exponentially (f64 state), `classic` over the windows that end at each sample. 0 until the long window
    /// has filled, and in silence. In a recurrence a sample that is not finite gives NaN at its place and counts as 0 for what follows.
    StaLta = "STA_LTA" (
        /// Short window, a duration or a number of samples.
        sta: Extent,
        /// Long window, longer than the short one.
        lta: Extent,
    ) {
        /// How averages are taken.
        method: Averaging = Averaging::Recursive,
    }
    formula "y[i] = a[i] / b[i]"
            "recursive  a[i] = a[i−1] + (x[i]² − a[i−1])/sta,   b likewise with lta;   from the second sample on"
            "classic    a[i] = (1/sta) Σ_{k<sta} x[i−k]²,   b likewise with lta";
    gives "STA/LTA ratio";
    example "STA_LTA 0.5s 10s METHOD=recursive";
    reference "obspy.signal.trigger.recursive_sta_lta, classic_sta_lta";
}

impl Operator for StaLta {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let sta = samples(b, x, "a short window", self.sta)?;
        let lta = samples(b, x, "a long window", self.lta)?;
        if sta >= lta {
            return Err(b
                .diag(format!("needs a short window below the long one, not {sta} and {lta} samples"))
                .help("the long window is usually 10 to 50 times the short one"));
        }
        b.real(x)?;
        match self.method {
            Averaging::Recursive => recursive(b, x, sta.into(), lta.into()),
            Averaging::Classic => classic(b, x, sta, lta),
        }
    }
}

fn recursive(b: &mut Builder, x: NodeId, sta: f64, lta: f64) -> Result<NodeId> {
    let float = b.real(x)?.float();
    let state = [0.0, f64::MIN_POSITIVE].map(|v| StateVar { dtype: DType::F64, init: Init::Value(v) });
    b.scan(x, state.to_vec(), Unit::none(), float, |e| {
        let (zero, row, x) = (e.constant(0.0), e.index(Role::Time), e.input(0).to(DType::F64));
        // Zero for a finite sample, NaN for any other. ObsPy's recurrence begins with the second sample.
        let missing = x * zero;
        let counted = missing.eq(zero).and(row.gt(zero));
        let power = counted.select(x * x, zero);
        let average = |state, n: f64| e.constant(1.0 / n).fma(power, e.constant(1.0 - 1.0 / n) * state);
        let (short, long) = (average(e.state(0), sta), average(e.state(1), lta));
        let told = row.ge(e.constant(lta)).and(long.gt(e.constant(SILENCE)));
        vec![short, long, (told.select(short / long, zero) + missing).to(float)]
    })
}

fn classic(b: &mut Builder, x: NodeId, sta: u32, lta: u32) -> Result<NodeId> {
    let float = b.real(x)?.float();
    let short = trailing_energy(b, x, sta)?;
    let long = trailing_energy(b, x, lta)?;
    b.map(&[short, long], Unit::none(), float, |e| {
        let (short, long) = (e.input(0), e.input(1));
        let ratio = short / long * e.constant(f64::from(lta) / f64::from(sta));
        let silent = long.le(e.constant(SILENCE)).or(e.index(Role::Time).lt(e.constant(f64::from(lta - 1))));
        vec![silent.select(e.constant(0.0), ratio).to(float)]
    })
}
