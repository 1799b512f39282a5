//! Missing samples filled, because it was asked for.

use dasc_ir::graph::{Builder, Edge, Expr, NodeId, Reduction, Role, WindowBody};
use dasc_ir::parameter::{Extent, Span1};
use dasc_ir::{DType, Result, Unit, choice, operator};

use super::Operator;
use crate::pieces::extent::samples;
use crate::pieces::muted::stretches;
use crate::pieces::span::{Positions, numbers};

choice! {
    /// What fills a run of missing samples.
    Filling { Linear = "linear", Nearest = "nearest" }
}

choice! {
    /// Axes along which neighbours lie.
    Along { Time = "time", Channel = "channel" }
}

/// The longest run that is filled: rows of both sides are remembered.
const LONGEST: u32 = 65_536;

operator! {
    /// Fills samples that are not finite, and channels named as bad, from the nearest good samples on both sides.
    ///
    /// A run longer than MAX stays as it is, whole, and so does one at an end of a stretch, which has one neighbour only. Along time it
    /// looks MAX samples ahead and streams. It does not close gaps between stretches: rows that do not exist are not made up.
    /// Along channels it fills those that MUTE took out.
    Interpolate = "INTERPOLATE" () {
        /// `linear` draws a line between the neighbours, `nearest` takes the nearer, of two equally near the earlier.
        method: Filling = Filling::Linear,
        /// Along which axis the neighbours lie.
        axis: Along = Along::Time,
        /// The longest run that is filled: a duration or a number of samples along time, a number of channels along channels; at most 65536.
        max: Extent = Extent::Samples(10),
        /// Numbers of bad channels, whose values count as missing; those that cannot be filled become NaN, as if MUTE took them out. With AXIS=channel.
        bad: Option<Span1> = None,
    }
    formula "y[i] = x[a] + (x[b] − x[a])·(i − a)/(b − a)   between the nearest good samples a < i < b";
    example "INTERPOLATE MAX=20";
    reference "numpy.interp over the finite samples, runs of NaN longer than MAX left alone";
}

impl Operator for Interpolate {
    fn build(&self, b: &mut Builder, x: NodeId) -> Result<NodeId> {
        let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
        let (along, longest) = match (self.axis, self.max) {
            (Along::Time, max) => (Role::Time, samples(b, x, "a longest run", max)?),
            (Along::Channel, Extent::Samples(n)) => (Role::Channel, n),
            (Along::Channel, Extent::Duration(_)) => {
                return Err(b.diag("needs MAX as a number of channels with AXIS=channel").help("for example MAX=3"));
            }
        };
        if longest == 0 || longest > LONGEST {
            return Err(b
                .diag(format!("needs a longest run of 1 to {LONGEST} samples, not {longest}"))
                .help("a longer stretch is better left missing"));
        }
        if self.axis == Along::Time && self.bad.is_some() {
            return Err(b.diag("fills bad channels from their neighbours only").help("write AXIS=channel"));
        }
        if b.signal(x)?.channel.is_none() && along == Role::Channel {
            return Err(b.diag("needs a channel axis, which its input does not have"));
        }
        let bad = self.bad.as_ref().map(|range| numbers(b, x, range, "BAD")).transpose()?;
        let x = match &bad {
            None => x,
            Some(bad) => missing(b, x, bad)?,
        };
        if along == Role::Channel {
            // Muted channels are NaN, and filled like any; those of runs that are filled count again.
            let (muted, channels) = (b.muted_channels(x)?, b.signal(x)?.channels());
            for (from, to) in stretches(&muted) {
                if from > 0 && to < channels && to - from <= longest {
                    b.unmute(x, &(from..to).collect::<Vec<u32>>())?;
                }
            }
        }
        // Good samples as they are, all others NaN.
        let known = b.map(&[x], unit.clone(), DType::F64, |e| {
            let (x, zero, nan) = (e.input(0).to(DType::F64), e.constant(0.0), e.constant(f64::NAN));
            vec![(x * zero).eq(zero).select(x, nan)]
        })?;
        let reach = longest as i32 + 1;
        let (before, after) = (Side { along, reach, towards: -1 }, Side { along, reach, towards: 1 });
        let inputs = [
            x,
            known,
            before.place(b, known)?,
            after.place(b, known)?,
            before.value(b, known, &unit)?,
            after.value(b, known, &unit)?,
        ];
        b.map(&inputs, unit, float, |e| {
            let (x, known, at) = (e.input(0).to(DType::F64), e.input(1), e.index(along));
            let (from, to, first, last) = (e.input(2), e.input(3), e.input(4), e.input(5));
            let run = to - from - e.constant(1.0);
            let between = match self.method {
                Filling::Linear => ((at - from) / (to - from)).fma(last - first, first),
                Filling::Nearest => (at - from).le(to - at).select(first, last),
            };
            let filled = run.le(e.constant(f64::from(longest))).select(between, x);
            vec![known.eq(known).select(x, filled).to(float)]
        })
    }
}

/// Takes channels out: their samples are NaN.
fn missing(b: &mut Builder, x: NodeId, bad: &Positions) -> Result<NodeId> {
    b.mute(x, &(bad.start..bad.end).step_by(bad.step as usize).collect::<Vec<u32>>())?;
    let (unit, float) = (b.real(x)?.unit.clone(), b.real(x)?.float());
    b.map(&[x], unit, float, |e| {
        let i = e.index(Role::Channel);
        let (first, last) = (e.constant(f64::from(bad.start)), e.constant(f64::from(bad.end - 1)));
        let offset = (i - first) / e.constant(f64::from(bad.step));
        let named = i.ge(first).and(i.le(last)).and(offset.eq(offset.floor()));
        vec![named.select(e.constant(f64::NAN), e.input(0).to(DType::F64)).to(float)]
    })
}

/// One side of a run: where the nearest good sample within reach lies, and what it is.
#[derive(Clone, Copy)]
struct Side {
    along: Role,
    reach: i32,
    /// −1 before, 1 after.
    towards: i32,
}

impl Side {
    /// Its position; infinite where there is none.
    fn place(self, b: &mut Builder, known: NodeId) -> Result<NodeId> {
        let nowhere = f64::INFINITY * f64::from(self.towards);
        let places = b.map(&[known], Unit::none(), DType::F64, |e| {
            let known = e.input(0);
            vec![known.eq(known).select(e.index(self.along), e.constant(nowhere))]
        })?;
        let (taps, nearest) = match self.towards {
            -1 => ((-self.reach, 0), Reduction::Max),
            _ => ((0, self.reach), Reduction::Min),
        };
        let body = WindowBody::Fold(nearest);
        b.window(places, self.along, taps, 1, Edge::Nearest, body, Unit::none(), DType::F64)
    }

    /// Its value; NaN where there is none. Each step looks twice as far as the one before.
    fn value(self, b: &mut Builder, known: NodeId, unit: &Unit) -> Result<NodeId> {
        let (mut nearest, mut seen) = (known, 1);
        while seen <= self.reach {
            let step = seen.min(self.reach + 1 - seen) * self.towards;
            let body = Expr::write(&[DType::F64], |e| {
                let (here, there) = (e.tap(0, 0), e.tap(0, step));
                vec![here.eq(here).select(here, there)]
            });
            let taps = (step.min(0), step.max(0));
            let body = WindowBody::Stencil(body);
            nearest = b.window(nearest, self.along, taps, 1, Edge::Nearest, body, unit.clone(), DType::F64)?;
            seen *= 2;
        }
        Ok(nearest)
    }
}
